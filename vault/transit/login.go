package transit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/hashicorp/go-cleanhttp"
	"github.com/hashicorp/vault/api"
	"golang.org/x/sync/singleflight"
)

// operations of one login at a time: encrypt, and hmac under two versions.
const operations = 3

// maxAnswer bounds what is read of an answer, in bytes: a batch and its frame
// are never near it.
const maxAnswer = 8 << 20

// login is a client under one token at a time.
type login struct {
	name      string // what it does, as operators know it
	method    string // how it is made
	config    Config
	source    source
	transport *http.Transport
	client    *api.Client

	flights  singleflight.Group // one replacement of a token for all who wait
	replaced chan struct{}

	mu      sync.Mutex // held while the token is replaced
	failure error      // of the last login, until the next may be tried
	pause   time.Duration
	closed  bool
}

// newLogin asks Vault nothing: the first call logs in.
func newLogin(config Config, name string, how Login) (*login, error) {
	from, err := how.open()
	if err != nil {
		return nil, err
	}
	l := &login{
		name: name, method: how.String(), config: config, source: from,
		transport: newTransport(config), replaced: make(chan struct{}, 1),
	}
	if err := config.TLS.secure(l.transport); err != nil {
		return nil, err
	}
	l.client, err = newClient(config, l.transport, 0)
	return l, err
}

// as is a client under another token, for what Vault is asked about a token. It
// has a timeout of its own, because the library's renewal takes no context; on
// the other client that would end the reading of an answer.
func (l *login) as(token string) (*api.Client, error) {
	client, err := newClient(l.config, l.transport, l.config.Timeout)
	if err != nil {
		return nil, err
	}
	client.SetToken(token)
	return client, nil
}

// newTransport keeps a connection for each call that may be under way. It
// speaks HTTP/1: there a call that got no answer ends its connection, where
// HTTP/2 would go on sending others' calls down a dead one.
func newTransport(config Config) *http.Transport {
	transport := cleanhttp.DefaultPooledTransport()
	transport.ForceAttemptHTTP2 = false
	transport.MaxIdleConnsPerHost = operations * config.InFlight
	transport.DialContext = (&net.Dialer{Timeout: config.Timeout, KeepAlive: 30 * time.Second}).DialContext
	transport.TLSHandshakeTimeout = config.Timeout
	return transport
}

// newClient makes a client that retries nothing: deadlines are ours.
func newClient(config Config, transport *http.Transport, timeout time.Duration) (*api.Client, error) {
	settings := &api.Config{
		Address: config.Address,
		HttpClient: &http.Client{
			Transport:     transport,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		MaxRetries: 0,
		Timeout:    timeout,
		// A token and its plaintexts go to the configured address and nowhere else.
		DisableRedirects: true,
	}
	client, err := api.NewClient(settings)
	if err != nil {
		return nil, fmt.Errorf("transit: the address of Vault: %w", err)
	}
	client.ClearToken() // which the library takes from the environment by itself
	client.ClearNamespace()
	if config.Namespace != "" {
		client.SetNamespace(config.Namespace)
	}
	return client, nil
}

// call makes one call and gives a result per item. Its errors quote neither
// what was sent nor what came back.
func (l *login) call(ctx context.Context, operation, key string, body batch) ([]result, error) {
	sent, err := json.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("transit: %s: %w", operation, err)
	}
	ctx, cancel := context.WithTimeout(ctx, l.config.Timeout)
	defer cancel()
	var answer struct {
		Data struct {
			Results []result `json:"batch_results"`
		} `json:"data"`
	}
	answer.Data.Results = make([]result, 0, len(body.Items))
	path := l.config.Mount + "/" + operation + "/" + key
	err = l.counted(operation, len(body.Items), func() error {
		err := l.exchange(ctx, operation, &answer, func(ctx context.Context) (*api.Response, error) {
			return l.client.Logical().WriteRawWithContext(ctx, path, sent)
		})
		return complete(err, len(answer.Data.Results), len(body.Items))
	})
	if operation == "encrypt" && errors.Is(err, errPolicy) {
		err = l.whyNotEncrypted(ctx, key, err)
	}
	if refused := (*statusError)(nil); errors.As(err, &refused) {
		refused.why += l.config.advice(refused.why, key, body.KeyVersion)
	}
	return answer.Data.Results, err
}

// whyNotEncrypted is why Vault refuses to encrypt for a login that lives. To
// encrypt under a key that is gone is to Vault to create one, which the policy
// does not allow either: the key is looked for.
func (l *login) whyNotEncrypted(ctx context.Context, key string, refused error) error {
	if _, err := l.readKey(ctx, key); missing(err) {
		return &statusError{operation: "encrypt", status: http.StatusForbidden, why: told(keyNotFound)}
	}
	return refused
}

// complete decides whether a call that ended so has a result for every item.
func complete(err error, results, items int) error {
	switch {
	case results == items && (err == nil || allFailed(err)):
		return nil
	case err == nil:
		return fmt.Errorf("%w: %d results for %d items", errAnswer, results, items)
	}
	return err
}

func (l *login) latestVersion(ctx context.Context, key string) (int, error) {
	data, err := l.readKey(ctx, key)
	if err == nil && data.Latest < 1 {
		err = errAnswer
	}
	return data.Latest, err
}

func (l *login) counted(operation string, items int, call func() error) error {
	start := l.config.Now()
	err := call()
	l.config.OnCall(operation, items, l.config.Now().Sub(start), err)
	return err
}

// loginError is why there is no token to send a request with. Logins pause by
// themselves, so that it says nothing to the breaker.
type loginError struct{ error }

// Unwrap gives the reason.
func (e *loginError) Unwrap() error { return e.error }

// exchange sends a request and decodes the answer. When the token was refused
// and another can be had, it is sent once more.
func (l *login) exchange(
	ctx context.Context, operation string, answer any, send func(context.Context) (*api.Response, error),
) error {
	if l.client.Token() == "" {
		if err := l.replace(ctx, "", nil); err != nil {
			return &loginError{err}
		}
	}
	token := l.client.Token()
	response, err := send(ctx)
	if response != nil && response.StatusCode == http.StatusForbidden {
		if err := l.replace(ctx, token, nil); err != nil {
			return &loginError{err}
		}
		response, err = send(ctx)
	}
	if response == nil {
		return fmt.Errorf("transit: %s: Vault cannot be reached: %w", operation, brief(err))
	}
	// The library's error is not passed on: it may hold the body.
	return decode(operation, response, answer)
}

// decode reads an answer; nil wants none.
func decode(operation string, response *api.Response, answer any) (err error) {
	defer func() { err = errors.Join(err, response.Body.Close()) }()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("transit: %s: reading the answer: %w", operation, brief(err))
	}
	if response.StatusCode == http.StatusForbidden {
		return fmt.Errorf("%w, with a new token too", ErrForbidden)
	}
	decodes := answer == nil || json.Unmarshal(body, answer) == nil
	if response.StatusCode == http.StatusNoContent && answer == nil {
		return nil
	}
	if response.StatusCode != http.StatusOK {
		return &statusError{operation: operation, status: response.StatusCode, why: known(string(body)), rest: retryAfter(response.Header)}
	}
	if !decodes {
		return fmt.Errorf("%w: %s: it is not the JSON of a Vault", errAnswer, operation)
	}
	return nil
}
