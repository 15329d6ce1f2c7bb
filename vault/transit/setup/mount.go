package setup

import (
	"context"
	"fmt"
	"strings"
)

// mount is an engine at its path: of secrets, or of logins.
type mount struct {
	table  string // where Vault lists it: sys/<table>
	path   string
	engine string
	enable string // what the command line calls its kind
}

func (m mount) title() string { return fmt.Sprintf("%s at sys/%s/%s", m.engine, m.table, m.path) }

// shell asks first: to enable it again is an error.
func (m mount) shell() string {
	return fmt.Sprintf("vault read sys/%[1]s/%[2]s >/dev/null 2>&1 ||\n  vault %[3]s enable -path=%[2]s %[4]s\n", m.table, m.path, m.enable, m.engine)
}

func (m mount) inspect(ctx context.Context, v server) (Result, error) {
	var mounts map[string]struct {
		Type string `json:"type"`
	}
	if _, err := v.read(ctx, "sys/"+m.table, &mounts); err != nil {
		return Result{}, err
	}
	found, there := mounts[m.path+"/"]
	switch {
	case !there:
		return Result{State: Missing}, nil
	case found.Type != m.engine:
		return Result{State: Refused, Detail: fmt.Sprintf("there is an engine of type %s, and it has to be %s; choose another path", found.Type, m.engine)}, nil
	}
	return Result{State: Right}, nil
}

func (m mount) put(ctx context.Context, v server) error {
	return v.put(ctx, write{"sys/" + m.table + "/" + m.path, []string{"type=" + m.engine}})
}

// upsert is the setting that a name without a key is an error. Without it
// Vault makes a key for whatever name it is asked to encrypt under.
type upsert struct{ mount string }

func (u upsert) title() string { return "disable_upsert at " + u.write().path }

func (u upsert) write() write {
	return write{u.mount + "/config/keys", []string{"disable_upsert=true"}}
}

func (u upsert) shell() string {
	return "# Encrypting under a name that has no key makes Vault invent one. Not here.\n" + u.write().shell() + "\n"
}

func (u upsert) inspect(ctx context.Context, v server) (Result, error) {
	var config struct {
		DisableUpsert bool `json:"disable_upsert"`
	}
	there, err := v.read(ctx, u.write().path, &config)
	switch {
	case err != nil:
		return Result{}, err
	case !there:
		return Result{State: Missing}, nil
	case !config.DisableUpsert:
		return Result{State: Differs, Detail: "Vault made a key for any name that it was asked to encrypt under"}, nil
	}
	return Result{State: Right}, nil
}

func (u upsert) put(ctx context.Context, v server) error { return v.put(ctx, u.write()) }

// header is a request header that Vault's audit log shows in clear.
type header struct{ name string }

const headers = "sys/config/auditing/request-headers"

func (h header) title() string { return "request header " + headers + "/" + h.name }

func (h header) write() write { return write{headers + "/" + h.name, []string{"hmac=false"}} }

func (h header) shell() string {
	return fmt.Sprintf("# Vault's audit log shows a request's id in clear, for clients that send one.\nvault read %s >/dev/null 2>&1 ||\n  %s\n",
		h.write().path, h.write().shell())
}

func (h header) inspect(ctx context.Context, v server) (Result, error) {
	var known struct {
		Headers map[string]struct {
			HMAC bool `json:"hmac"`
		} `json:"headers"`
	}
	if _, err := v.read(ctx, headers, &known); err != nil {
		return Result{}, err
	}
	for name, found := range known.Headers {
		if !strings.EqualFold(name, h.name) {
			continue
		}
		if found.HMAC { // somebody wants it so
			return Result{State: Kept, Detail: "the audit log has it as an HMAC; to have it in clear: " + h.write().shell()}, nil
		}
		return Result{State: Right}, nil
	}
	return Result{State: Missing}, nil
}

func (h header) put(ctx context.Context, v server) error { return v.put(ctx, h.write()) }
