package transit

import (
	"time"

	"github.com/hashicorp/go-cleanhttp"
	"github.com/hashicorp/vault/api"
)

// operatorTimeout of one call is generous: a person waits for it.
const operatorTimeout = 30 * time.Second

// Operator makes a client for what a person does in Vault with a token of their
// own, such as setting it up. It keeps no connection and renews nothing.
func Operator(config Config, token string) (*api.Client, error) {
	transport := cleanhttp.DefaultTransport()
	if err := config.TLS.secure(transport); err != nil {
		return nil, err
	}
	client, err := newClient(config, transport, orElse(config.Timeout, operatorTimeout))
	if err != nil {
		return nil, err
	}
	client.SetToken(token)
	return client, nil
}
