package main

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/netip"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kelisim/kelisim/server/identity"
)

// What the settings alone tell.

func checkKeys(on *patient) []finding {
	s := on.settings
	switch {
	case s.VaultAddr != "" && on.keyring:
		return notChecked("VAULT_ADDR", errors.New("it contradicts --keyring; the keys are in one place"))
	case s.VaultAddr == "" && !on.keyring:
		return notChecked("VAULT_ADDR", errors.New("nothing says where the keys are: set VAULT_ADDR, or give --keyring"))
	case s.VaultAddr == "":
		return []finding{{
			Severity: note, Subject: "--keyring",
			Found: "the keys are in the memory of the server, which has both halves of every login",
			Do:    "HashiCorp Vault (VAULT_ADDR) keeps keys where the server cannot take them from, with a log of its own",
		}}
	}
	return nil
}

// checkListener: the server speaks HTTP, so that the way to it has to be short, or
// its own. A proxy in front helps those who come through it; it keeps nobody from
// coming past it, wherever the server can be reached.
func checkListener(on *patient) []finding {
	s := on.settings
	proxied := slices.ContainsFunc(s.proxies, func(p netip.Prefix) bool { return p.Bits() > 0 && !wide(p) })
	f := finding{Subject: "KELISIM_ADDR", Do: "put a proxy with TLS in front, and name its network in KELISIM_TRUSTED_PROXIES"}
	switch {
	case loopback(s.Addr):
		return nil
	case everywhere(s.Addr) && !proxied:
		f.Severity, f.Found = insecure, s.Addr+" is every interface, and KELISIM_TRUSTED_PROXIES names no network of proxies: tokens and values cross the network in clear"
	case everywhere(s.Addr):
		f.Severity, f.Found = weak, s.Addr+" is every interface: who reaches it past the proxy sends tokens and values in clear"
		f.Do = "listen at the address that the proxy reaches; where that is all there is, as in a container, let a firewall admit the proxy only, and --accept listener"
	case public(s.Addr):
		f.Severity, f.Found = insecure, s.Addr+" is a public address, and the server speaks HTTP: tokens and values cross the network in clear, also where a proxy is trusted"
		f.Do = "listen on loopback or at a private address, and put a proxy with TLS in front"
	case !proxied:
		f.Severity, f.Found = weak, s.Addr+" is reached from other machines, and KELISIM_TRUSTED_PROXIES names no network of proxies: the server speaks HTTP"
	default:
		return nil
	}
	return []finding{f}
}

func checkInternalListener(on *patient) []finding {
	addr := on.settings.InternalAddr
	if addr == "" || loopback(addr) {
		return nil
	}
	return []finding{{
		Severity: weak, Subject: "KELISIM_INTERNAL_ADDR", Found: addr + " is reached from other machines: console, metrics and readiness, by HTTP",
		Do: "listen on loopback, or let a firewall admit the operator's machines only",
	}}
}

func checkProxies(on *patient) []finding {
	var out []finding
	for _, p := range on.settings.proxies {
		switch {
		case p.Bits() == 0:
			out = append(out, finding{
				Severity: insecure, Subject: "KELISIM_TRUSTED_PROXIES", Found: p.String() + " is everybody: any caller chooses the address that is kept as evidence",
				Do: "name the network of your proxies only",
			})
		case wide(p):
			out = append(out, finding{
				Severity: weak, Subject: "KELISIM_TRUSTED_PROXIES", Found: p.String() + " has room for more than your proxies: whoever is in it chooses the address that is kept as evidence",
				Do: "name the network of your proxies only",
			})
		}
	}
	return out
}

// wide reports whether a network is larger than one for proxies, and public.
func wide(p netip.Prefix) bool {
	most := 24
	if p.Addr().Is6() {
		most = 48
	}
	return p.Bits() < most && !p.Addr().IsPrivate() && !p.Addr().IsLoopback()
}

func checkLogLevel(on *patient) []finding {
	if level, err := on.settings.level(); err != nil || level > slog.LevelDebug {
		return nil // what is no level does not get here
	}
	return []finding{{
		Severity: weak, Subject: "KELISIM_LOG_LEVEL", Found: "debug writes a line for each request: who was busy when can be read off",
		Do: "set it to info",
	}}
}

// checkErasureLedger looks for a ledger that goes the way of the database.
func checkErasureLedger(on *patient) []finding {
	s := on.settings
	f := finding{Severity: weak, Subject: "KELISIM_ERASURE_LEDGER"}
	within, err := filepath.Rel(s.Data, s.ErasureLedger)
	switch {
	case s.ErasureLedger == "":
		f.Found, f.Do = "nothing outside the database knows who was erased: restored from a copy, it has them again", "set it to a folder on another disk"
	case !s.postgres() && err == nil && filepath.IsLocal(within):
		f.Found, f.Do = "it lies in KELISIM_DATA: a copy of the folder takes both back", "move it to another disk"
	default:
		return nil
	}
	return []finding{f}
}

func checkAuditFile(on *patient) []finding {
	if on.settings.AuditFile != "" {
		return nil
	}
	return []finding{{
		Severity: note, Subject: "KELISIM_AUDIT_FILE", Found: "audit events are in the database only, where its owner can change them",
		Do: "set it, and ship the file to another system as it is written",
	}}
}

func checkIssuers(on *patient) []finding {
	file := on.settings.OIDCFile
	if file == "" {
		return notChecked("KELISIM_OIDC_FILE", errors.New("it is not set, and only --dev serves without it"))
	}
	config, err := identity.Load(file, true) // so that http is told as what it is, below
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission):
		return notChecked("KELISIM_OIDC_FILE", err)
	case err != nil:
		return []finding{{Severity: insecure, Subject: "KELISIM_OIDC_FILE", Found: err.Error(), Do: "put it right; the server refuses this file"}}
	}
	var out []finding
	for _, is := range config.Issuers {
		switch {
		case !strings.HasPrefix(is.URL, "https://"):
			out = append(out, finding{
				Severity: insecure, Subject: "KELISIM_OIDC_FILE", Found: "the issuer " + is.URL + " is asked for its keys in clear: whoever answers first makes tokens",
				Do: "use https; the server refuses this one",
			})
		case nearby(is.URL):
			out = append(out, finding{
				Severity: weak, Subject: "KELISIM_OIDC_FILE", Found: "the issuer " + is.URL + " is on this machine: it looks like one for development",
				Do: "name your identity provider",
			})
		}
	}
	return out
}

func checkSecrets(on *patient) []finding {
	var out []finding
	for _, secret := range []struct {
		name string
		held bool
	}{
		{"VAULT_TOKEN", on.settings.VaultToken != ""},
		{"DATABASE_URL", on.settings.DatabaseURLFile == "" && password(on.settings.DatabaseURL)},
		{"REDIS_URL", on.settings.RedisURLFile == "" && password(on.settings.RedisURL)},
	} {
		if secret.held {
			out = append(out, finding{
				Severity: note, Subject: secret.name, Found: "a secret is in the environment, which child processes and crash reports get",
				Do: fmt.Sprintf("put it into a file, and name that by %s_FILE", secret.name),
			})
		}
	}
	return out
}

func password(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.User == nil {
		return false
	}
	_, there := u.User.Password()
	return there
}
