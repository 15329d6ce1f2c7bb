package transit

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/go-cleanhttp"
	"github.com/hashicorp/vault/api"
)

// operations of one login at a time: encrypt, and hmac under two versions.
const operations = 3

// maxAnswer bounds what is read of an answer, in bytes: a batch and its frame
// are never near it.
const maxAnswer = 8 << 20

// ErrForbidden is the cause when Vault answers 403.
var ErrForbidden = errors.New("transit: permission denied: the login's policy lacks this path, or its token has expired or was revoked")

// login is a client under one token.
type login struct {
	config Config
	source Token
	client *api.Client
	keeper *api.Client // for renewing the token; shares the connections

	mu      sync.Mutex // held while the token is replaced
	renewed chan struct{}
}

func newLogin(config Config, source Token) (*login, error) {
	transport := newTransport(config)
	client, err := newClient(config, transport, 0)
	if err != nil {
		return nil, err
	}
	// The library's renewal takes no context, so this client has a timeout of
	// its own. On the other it would end the reading of an answer.
	keeper, err := newClient(config, transport, config.Timeout)
	if err != nil {
		return nil, err
	}
	l := &login{config: config, source: source, client: client, keeper: keeper, renewed: make(chan struct{}, 1)}
	if _, err := l.replace(""); err != nil {
		return nil, err
	}
	return l, nil
}

// newTransport keeps a connection for each call that may be under way. It speaks HTTP/1: there a call that got no answer ends its
// connection, where HTTP/2 would go on sending others' calls down a dead one.
func newTransport(config Config) *http.Transport {
	transport := cleanhttp.DefaultPooledTransport()
	transport.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
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
	if config.CACert != "" {
		if err := settings.ConfigureTLS(&api.TLSConfig{CACert: config.CACert}); err != nil {
			return nil, fmt.Errorf("transit: the CA certificate %s: %w", config.CACert, err)
		}
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

// replace reads the token again, unless somebody has since it was refused. It
// reports whether there is another one now.
func (l *login) replace(refused string) (bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.client.Token() != refused {
		return true, nil
	}
	token, err := l.source()
	if err != nil {
		return false, fmt.Errorf("transit: reading the token: %w", err)
	}
	token = strings.TrimSpace(token)
	if token == "" {
		return false, errors.New("transit: the token is empty")
	}
	if token == refused {
		return false, nil
	}
	l.client.SetToken(token)
	select {
	case l.renewed <- struct{}{}:
	default: // already told
	}
	return true, nil
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
	return answer.Data.Results, err
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
	ctx, cancel := context.WithTimeout(ctx, l.config.Timeout)
	defer cancel()
	var answer struct {
		Data struct {
			LatestVersion int `json:"latest_version"`
		} `json:"data"`
	}
	err := l.counted("read", 1, func() error {
		return l.exchange(ctx, "read", &answer, func(ctx context.Context) (*api.Response, error) {
			return l.client.Logical().ReadRawWithContext(ctx, l.config.Mount+"/keys/"+key)
		})
	})
	if err == nil && answer.Data.LatestVersion < 1 {
		err = errAnswer
	}
	return answer.Data.LatestVersion, err
}

func (l *login) counted(operation string, items int, call func() error) error {
	start := l.config.Now()
	err := call()
	l.config.OnCall(operation, items, l.config.Now().Sub(start), err)
	return err
}

// exchange sends a request and decodes the answer. A token that was refused is
// read again, and the request sent once more when it is another one.
func (l *login) exchange(
	ctx context.Context, operation string, answer any, send func(context.Context) (*api.Response, error),
) error {
	token := l.client.Token()
	response, err := send(ctx)
	if response != nil && response.StatusCode == http.StatusForbidden {
		changed, replaceErr := l.replace(token)
		if replaceErr != nil {
			return fmt.Errorf("%w; %w", ErrForbidden, replaceErr)
		}
		if changed {
			response, err = send(ctx)
		}
	}
	if response == nil {
		return fmt.Errorf("transit: %s: Vault cannot be reached: %w", operation, brief(err))
	}
	// The library's error is not passed on: it may hold the body.
	return decode(operation, response, answer)
}

func decode(operation string, response *api.Response, answer any) (err error) {
	defer func() { err = errors.Join(err, response.Body.Close()) }()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("transit: %s: reading the answer: %w", operation, brief(err))
	}
	if response.StatusCode == http.StatusForbidden {
		return ErrForbidden
	}
	decodes := json.Unmarshal(body, answer) == nil
	if response.StatusCode != http.StatusOK {
		return &statusError{operation: operation, status: response.StatusCode, why: known(string(body)), rest: retryAfter(response.Header)}
	}
	if !decodes {
		return fmt.Errorf("%w: %s: it is not the JSON of a Vault", errAnswer, operation)
	}
	return nil
}
