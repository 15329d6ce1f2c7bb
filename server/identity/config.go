package identity

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"

	"go.yaml.in/yaml/v3"

	"github.com/kelisim/kelisim/vault"
)

// Config is the file that says whose tokens are believed, and what they may do.
type Config struct {
	Issuers  []Issuer  `yaml:"issuers"`
	Services []Service `yaml:"services"`
	Access   Access    `yaml:"access"`
}

// Kind is what an issuer vouches for.
type Kind string

// The kinds of issuers.
const (
	Customers Kind = "CUSTOMERS" // its tokens make a SUBJECT, and nothing else
	Staff     Kind = "STAFF"     // its tokens make colleagues and services
)

// Issuer is an OpenID Connect provider whose tokens are believed.
type Issuer struct {
	URL        string   `yaml:"issuer"` // byte for byte the tokens' `iss`
	Kind       Kind     `yaml:"kind"`
	Audiences  []string `yaml:"audiences"`  // accepted `aud`; of customers each stands for an app
	Algorithms []string `yaml:"algorithms"` // accepted `alg`, asymmetric ones only
	RolesClaim string   `yaml:"rolesClaim"` // dotted path of an array of strings (STAFF)
	// Roles are what the issuer may grant, by its own name for each (STAFF).
	Roles map[string]vault.Role `yaml:"roles"`
	// Console lets colleagues sign in from the console; nil: they do not (STAFF).
	Console *ConsoleClient `yaml:"console"`
}

// ConsoleClient is the console as the issuer knows it: a public client, for the
// authorization code flow with PKCE.
type ConsoleClient struct {
	ClientID string   `yaml:"clientId"`
	Scopes   []string `yaml:"scopes"` // to ask for; [openid] if empty
}

// Service is a machine of the staff's issuer, known by its subject or by its
// client id, and what it may name.
type Service struct {
	Issuer   string   `yaml:"issuer"`
	Subject  string   `yaml:"subject"`
	ClientID string   `yaml:"clientId"`
	Apps     []string `yaml:"apps"`
	Purposes []string `yaml:"purposes"`
}

// Access narrows who sees what; see Config.Grants.
type Access struct {
	SupportNeverReveals []string `yaml:"supportNeverReveals"`
}

// Grants is what the vault is to know of who may see what.
func (c Config) Grants() vault.Access {
	out := vault.Access{SupportNeverReveals: c.Access.SupportNeverReveals}
	for _, s := range c.Services {
		out.Services = append(out.Services, vault.ServiceAccess{Name: cmp.Or(s.ClientID, s.Subject), Apps: s.Apps, Purposes: s.Purposes})
	}
	return out
}

// Load reads and validates a configuration file; see Validate. The error names file, line, key and what to do,
// for everything that is wrong.
func Load(path string, development bool) (Config, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Config{}, fmt.Errorf("reading the issuers' configuration: %w", err)
	}
	config, err := parse(text)
	if err != nil {
		return Config{}, locate(path, nil, err)
	}
	if err := config.Validate(development); err != nil {
		var tree yaml.Node
		if err := yaml.Unmarshal(text, &tree); err != nil {
			return Config{}, locate(path, nil, err)
		}
		return Config{}, locate(path, &tree, err)
	}
	return config, nil
}

func parse(text []byte) (Config, error) {
	var config Config
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(&config); err != nil && !errors.Is(err, io.EOF) {
		return Config{}, err
	}
	if err := decoder.Decode(&yaml.Node{}); !errors.Is(err, io.EOF) {
		return Config{}, errors.New("there is more than one document; write one")
	}
	return config, nil
}

// problem is one thing to put right, and where.
type problem struct {
	key  []any // names and indexes, outermost first
	text string
}

func (p problem) Error() string {
	var key string
	for _, step := range p.key {
		switch step := step.(type) {
		case int:
			key += "[" + strconv.Itoa(step) + "]"
		case string:
			if key != "" {
				key += "."
			}
			key += step
		}
	}
	return key + ": " + p.text
}

// problems are all that is wrong with a configuration.
type problems []problem

func (p problems) Error() string {
	errs := make([]error, len(p))
	for i, one := range p {
		errs[i] = one
	}
	return errors.Join(errs...).Error()
}

var (
	yamlLine   = regexp.MustCompile(`^(?:yaml: )?line (\d+): (.*)$`)
	wrongKind  = regexp.MustCompile(`^cannot unmarshal `)
	unknownKey = regexp.MustCompile(`^field (\S+) not found in type \S+$`)
)

// locate puts file and line before each error.
func locate(path string, tree *yaml.Node, err error) error {
	if list, ok := errors.AsType[problems](err); ok {
		errs := make([]error, len(list))
		for i, p := range list {
			errs[i] = fmt.Errorf("%s:%d: %w", path, line(tree, p.key), p)
		}
		return errors.Join(errs...)
	}
	texts := []string{err.Error()}
	if types, ok := errors.AsType[*yaml.TypeError](err); ok {
		texts = types.Errors
	}
	var errs []error
	for _, text := range texts {
		at := path
		if m := yamlLine.FindStringSubmatch(text); m != nil {
			at, text = path+":"+m[1], m[2]
		}
		if m := unknownKey.FindStringSubmatch(text); m != nil {
			text = m[1] + ": there is no such key here; remove it, or correct its spelling"
		}
		if wrongKind.MatchString(text) {
			text = "this is not what the key holds; a list is written [a, b], a table {a: b}, a text without either"
		}
		errs = append(errs, fmt.Errorf("%s: %s", at, text))
	}
	return errors.Join(errs...)
}

// line answers where the innermost part of a key that exists stands.
func line(node *yaml.Node, key []any) int {
	if node.Kind == yaml.DocumentNode {
		return line(node.Content[0], key)
	}
	if node.Kind == yaml.AliasNode {
		return line(node.Alias, key)
	}
	if len(key) == 0 {
		return node.Line
	}
	switch step := key[0].(type) {
	case int:
		if node.Kind == yaml.SequenceNode && step < len(node.Content) {
			return line(node.Content[step], key[1:])
		}
	case string:
		for i := 0; node.Kind == yaml.MappingNode && i+1 < len(node.Content); i += 2 {
			if node.Content[i].Value == step {
				return line(node.Content[i+1], key[1:])
			}
		}
	}
	return max(node.Line, 1)
}
