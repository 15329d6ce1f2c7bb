package transit

import (
	"context"
	"errors"
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

// errWrapped: looking must not take what the server is to have.
var errWrapped = errors.New("transit: a wrapped secret id can be opened once, and that is for the server")

// Visit logs in as a service does, for whoever wants to see what it may do.
// GiveBack ends a token that was made for the visit; it is never nil. A wrapped
// secret id is left alone, and is an error.
func Visit(ctx context.Context, config Config, as Login) (client *api.Client, giveBack func(context.Context) error, err error) {
	giveBack = func(context.Context) error { return nil }
	if role, ok := as.(AppRole); ok && role.Wrapped {
		return nil, giveBack, errWrapped
	}
	from, err := as.open()
	if err != nil {
		return nil, giveBack, err
	}
	if client, err = Operator(config, ""); err != nil {
		return nil, giveBack, err
	}
	token, err := from.token(ctx, client)
	if err != nil {
		return nil, giveBack, err
	}
	client.SetToken(token)
	if from.own() {
		giveBack = func(ctx context.Context) error { return client.Auth().Token().RevokeSelfWithContext(ctx, "") }
	}
	return client, giveBack, nil
}
