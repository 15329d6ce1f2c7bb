package setup

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// policy is what a role may do with a mount, in HCL.
type policy struct{ name, rules, mount, prefix string }

func (p policy) path() string  { return "sys/policies/acl/" + p.name }
func (p policy) title() string { return "policy " + p.path() }

func (p policy) shell() string {
	return fmt.Sprintf("vault policy write %s - <<'HCL'\n%sHCL\n", p.name, p.rules)
}

func (p policy) inspect(ctx context.Context, v server) (Result, error) {
	var found struct {
		Policy string `json:"policy"`
	}
	there, err := v.read(ctx, p.path(), &found)
	switch {
	case err != nil:
		return Result{}, err
	case !there:
		return Result{State: Missing}, nil
	case p.elsewhere(found.Policy) != "":
		return Result{State: Refused, Detail: fmt.Sprintf("its rules are for the mount %q, whose service would lose them; choose another KELISIM_KEY_PREFIX, "+
			"or delete the policy if nothing uses that mount any more", p.elsewhere(found.Policy))}, nil
	case strings.TrimSpace(found.Policy) != strings.TrimSpace(p.rules):
		return Result{State: Differs, Detail: "its rules were others"}, nil
	}
	return Result{State: Right}, nil
}

// elsewhere is another mount that rules are for; "" if there is none. One of
// whose keys they speak is enough to know it by.
func (p policy) elsewhere(rules string) string {
	keys := regexp.MustCompile(`path "([^"]+)/(?:encrypt|decrypt|rewrap|hmac|keys)/` + regexp.QuoteMeta(p.prefix) + `-(?:pii|index|receipt)"`)
	for _, path := range keys.FindAllStringSubmatch(rules, -1) {
		if path[1] != p.mount {
			return path[1]
		}
	}
	return ""
}

func (p policy) put(ctx context.Context, v server) error {
	return v.put(ctx, write{p.path(), []string{"policy=" + p.rules}})
}

// role is an AppRole: a login that carries one policy and nothing else. How
// long its tokens and secret ids live is said when it is made, and then is the
// operator's.
type role struct{ mount, name string }

func (r role) path() string  { return "auth/" + r.mount + "/role/" + r.name }
func (r role) title() string { return "AppRole " + r.path() }

// ours are the settings that this package holds a role to.
func (r role) ours() []string {
	return []string{"token_policies=" + r.name, "token_no_default_policy=true", "bind_secret_id=true"}
}

// made is what a new role is given besides: a token lives as long as somebody
// renews it within a day.
const made = "token_period=24h"

func (r role) shell() string {
	return fmt.Sprintf("vault read %[1]s >/dev/null 2>&1 ||\n  vault write %[1]s %[2]s\n%[3]s\n", r.path(), made, write{r.path(), r.ours()}.shell())
}

func (r role) inspect(ctx context.Context, v server) (Result, error) {
	var found struct {
		Policies  []string `json:"token_policies"`
		NoDefault bool     `json:"token_no_default_policy"`
		SecretID  bool     `json:"bind_secret_id"`
	}
	there, err := v.read(ctx, r.path(), &found)
	if err != nil || !there {
		return Result{State: Missing}, err
	}
	var differs []string
	if !slices.Equal(found.Policies, []string{r.name}) {
		differs = append(differs, fmt.Sprintf("its policies were %q", found.Policies))
	}
	if !found.NoDefault {
		differs = append(differs, `its tokens had the policy "default" too`)
	}
	if !found.SecretID {
		differs = append(differs, "it asked for no secret id")
	}
	if len(differs) > 0 {
		return Result{State: Differs, Detail: strings.Join(differs, ", ")}, nil
	}
	return Result{State: Right}, nil
}

func (r role) put(ctx context.Context, v server) error {
	there, err := v.read(ctx, r.path(), &struct{}{})
	if err != nil {
		return err
	}
	w := write{r.path(), r.ours()}
	if !there {
		w.fields = append(w.fields, made)
	}
	return v.put(ctx, w)
}
