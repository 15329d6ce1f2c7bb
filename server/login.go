package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/kelisim/kelisim/vault/transit"
)

// login is how one of the logins to HashiCorp's Vault is made: in one way, or
// not at all.
type login struct {
	TokenFile           string `env:"TOKEN_FILE"`
	RoleIDFile          string `env:"ROLE_ID_FILE"`
	SecretIDFile        string `env:"SECRET_ID_FILE"`
	WrappedSecretIDFile string `env:"WRAPPED_SECRET_ID_FILE"`
	KubernetesRole      string `env:"KUBERNETES_ROLE"`
}

// given reports whether there is such a login.
func (l login) given() bool { return l != login{} }

// setting is the one that says how the login is made.
func (l login) setting(prefix string) string {
	switch {
	case l.RoleIDFile != "":
		return prefix + "ROLE_ID_FILE"
	case l.KubernetesRole != "":
		return prefix + "KUBERNETES_ROLE"
	}
	return prefix + "TOKEN_FILE"
}

// files are those with its secrets, by the settings that name them.
func (l login) files(prefix string) []namedFile {
	return []namedFile{
		{prefix + "TOKEN_FILE", l.TokenFile},
		{prefix + "SECRET_ID_FILE", l.SecretIDFile},
		{prefix + "WRAPPED_SECRET_ID_FILE", l.WrappedSecretIDFile},
	}
}

// option is a setting with its value.
type option struct{ name, value string }

// several refuses more than one of the settings, each beside the first.
func several(of ...option) []error {
	var errs []error
	first := ""
	for _, one := range of {
		switch {
		case one.value == "":
		case first == "":
			first = one.name
		default:
			errs = append(errs, fmt.Errorf("give %s or %s, not both", first, one.name))
		}
	}
	return errs
}

// check refuses a login that is made in two ways, or in half a way. The prefix
// is that of its settings' names.
func (l login) check(prefix, token string) []error {
	role, secret, wrapped := option{prefix + "ROLE_ID_FILE", l.RoleIDFile},
		option{prefix + "SECRET_ID_FILE", l.SecretIDFile}, option{prefix + "WRAPPED_SECRET_ID_FILE", l.WrappedSecretIDFile}
	errs := append(
		several(option{prefix + "TOKEN", token}, option{prefix + "TOKEN_FILE", l.TokenFile}, role, option{prefix + "KUBERNETES_ROLE", l.KubernetesRole}),
		several(secret, wrapped)...)
	switch {
	case role.value != "" && secret.value+wrapped.value == "":
		errs = append(errs, fmt.Errorf("%s needs %s or %s", role.name, secret.name, wrapped.name))
	case role.value == "" && secret.value+wrapped.value != "":
		given := secret
		if wrapped.value != "" {
			given = wrapped
		}
		errs = append(errs, fmt.Errorf("%s needs %s", given.name, role.name))
	}
	return errs
}

// logins refuses what is wrong with the way to Vault. The connection is secured
// or it is not: there is no half of it.
func (s settings) logins(skipVerify string) []error {
	errs := s.EncryptLogin.check("VAULT_", s.VaultToken)
	errs = append(errs, s.DecryptLogin.check("KELISIM_DECRYPT_", "")...)
	errs = append(errs, s.RewrapLogin.check("KELISIM_REWRAP_", "")...)
	errs = append(errs, s.ReindexLogin.check("KELISIM_REINDEX_", "")...)
	errs = append(errs, s.ObserveLogin.check("KELISIM_OBSERVE_", "")...)
	if skip, err := strconv.ParseBool(cmp.Or(skipVerify, "false")); err != nil || skip {
		errs = append(errs, errors.New("VAULT_SKIP_VERIFY: Vault's certificate is always verified; VAULT_CACERT names who signed it, VAULT_TLS_SERVER_NAME the name in it"))
	}
	errs = append(errs, several(option{"VAULT_CACERT", s.VaultCACert}, option{"VAULT_CAPATH", s.VaultCAPath})...)
	if (s.VaultClientCert == "") != (s.VaultClientKey == "") {
		errs = append(errs, errors.New("VAULT_CLIENT_CERT and VAULT_CLIENT_KEY need each other"))
	}
	if strings.HasPrefix(s.VaultAddr, "http:") {
		for _, one := range []option{
			{"VAULT_CACERT", s.VaultCACert},
			{"VAULT_CAPATH", s.VaultCAPath},
			{"VAULT_CLIENT_CERT", s.VaultClientCert},
			{"VAULT_TLS_SERVER_NAME", s.VaultTLSServerName},
		} {
			if one.value != "" {
				errs = append(errs, fmt.Errorf("%s and a VAULT_ADDR that begins with http:// contradict each other; write https://", one.name))
			}
		}
	}
	return errs
}

// login is the login as it is made; nil when it is not given.
func (s settings) login(l login) transit.Login {
	switch {
	case l.TokenFile != "":
		return transit.TokenFile(l.TokenFile)
	case l.RoleIDFile != "":
		return transit.AppRole{
			Mount: s.AppRoleMount, RoleIDFile: l.RoleIDFile,
			SecretIDFile: cmp.Or(l.SecretIDFile, l.WrappedSecretIDFile), Wrapped: l.WrappedSecretIDFile != "",
		}
	case l.KubernetesRole != "":
		return transit.Kubernetes{Mount: s.KubernetesMount, Role: l.KubernetesRole, TokenFile: s.KubernetesTokenFile}
	}
	return nil
}

// encryptLogin is the main login.
func (s settings) encryptLogin() transit.Login {
	if s.VaultToken != "" {
		return transit.Token(s.VaultToken)
	}
	return s.login(s.EncryptLogin)
}

// byPerson is the process for a command that no service may carry out: a
// VAULT_TOKEN is its caller's, whatever login the settings have for the server.
func (p *process) byPerson() *process {
	if p.variables["VAULT_TOKEN"] == "" {
		return p
	}
	person := *p
	person.variables = maps.Clone(p.variables)
	for _, way := range []string{"TOKEN_FILE", "ROLE_ID_FILE", "SECRET_ID_FILE", "WRAPPED_SECRET_ID_FILE", "KUBERNETES_ROLE"} {
		delete(person.variables, "VAULT_"+way)
	}
	return &person
}

// personLogin is the token of whoever runs a command that no service may.
func (s settings) personLogin() (transit.Login, error) {
	switch {
	case s.VaultAddr == "":
		return nil, errors.New("VAULT_ADDR is not set: which Vault?")
	case s.VaultToken != "":
		return transit.Token(s.VaultToken), nil
	case s.EncryptLogin.TokenFile != "":
		return transit.TokenFile(s.EncryptLogin.TokenFile), nil
	}
	return nil, errors.New("no login for Vault: give VAULT_TOKEN_FILE or VAULT_TOKEN, with a token of your own")
}

// loginOr is a login, or the main one when it is not given.
func (s settings) loginOr(l login) transit.Login { return cmp.Or(s.login(l), s.encryptLogin()) }

// giveBackWithin bounds the goodbye to Vault, which may be away.
const giveBackWithin = 3 * time.Second

// giveBack ends what the logins made. That a token could not be given back is
// no failure of what was done with it.
func giveBack(ctx context.Context, closing func(context.Context) error, log *slog.Logger) error {
	if closing == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), giveBackWithin)
	defer cancel()
	if err := closing(ctx); err != nil {
		log.LogAttrs(ctx, slog.LevelWarn, "a login to Vault was not given back", slog.Any("error", err))
	}
	return nil
}
