package transit_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/hashicorp/vault/api"

	"github.com/kelisim/kelisim/vault"
	"github.com/kelisim/kelisim/vault/transit"
	"github.com/kelisim/kelisim/vault/vaulttest/daemon"
)

// cluster is what Vault asks of a Kubernetes: whether a service account's token
// is good. Everything else in these tests is real.
type cluster struct {
	t      *testing.T
	server *httptest.Server
	good   atomic.Pointer[string]
}

func newCluster(t *testing.T) *cluster {
	t.Helper()
	c := &cluster{t: t}
	c.server = httptest.NewTLSServer(http.HandlerFunc(c.review))
	t.Cleanup(c.server.Close)
	return c
}

func (c *cluster) review(w http.ResponseWriter, r *http.Request) {
	var asked struct {
		Spec struct {
			Token string `json:"token"`
		} `json:"spec"`
	}
	if err := json.NewDecoder(r.Body).Decode(&asked); err != nil || r.URL.Path != "/apis/authentication.k8s.io/v1/tokenreviews" {
		c.t.Errorf("%s: %v", r.URL.Path, err)
	}
	status := map[string]any{"authenticated": false}
	if good := c.good.Load(); good != nil && *good == asked.Spec.Token {
		status = map[string]any{"authenticated": true, "user": map[string]any{"username": "system:serviceaccount:people:kelisim", "uid": "4711"}}
	}
	w.WriteHeader(http.StatusCreated)
	err := json.NewEncoder(w).Encode(map[string]any{"kind": "TokenReview", "apiVersion": "authentication.k8s.io/v1", "status": status})
	if err != nil {
		c.t.Error(err)
	}
}

// issue puts a new token of the service account in the file; the one before it
// is good no more.
func (c *cluster) issue(file string) {
	c.t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: newKey(c.t)}, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	token, err := jwt.Signed(signer).Claims(map[string]any{
		"iss": "https://kubernetes.default.svc.cluster.local", "sub": "system:serviceaccount:people:kelisim",
		"iat": time.Now().Unix(), "nbf": time.Now().Unix(), "exp": time.Now().Add(time.Hour).Unix(),
		"kubernetes.io": map[string]any{
			"namespace": "people", "serviceaccount": map[string]any{"name": "kelisim", "uid": "4711"},
		},
	}).Serialize()
	if err != nil {
		c.t.Fatal(err)
	}
	c.good.Store(&token)
	hold(c.t, file, token)
}

// trust makes Vault let the cluster's pods in, in the role of each policy.
func (c *cluster) trust(v *daemon.PrivateVaultServer, plugin string) *api.Client {
	c.t.Helper()
	root := v.Client(v.Token)
	program, err := os.ReadFile(plugin)
	if err != nil {
		c.t.Fatal(err)
	}
	sum := sha256.Sum256(program)
	err = root.Sys().RegisterPluginWithContext(c.t.Context(), &api.RegisterPluginInput{
		Name: "kubernetes", Type: api.PluginTypeCredential, Command: filepath.Base(plugin), SHA256: hex.EncodeToString(sum[:]),
	})
	if err == nil {
		err = root.Sys().EnableAuthWithOptionsWithContext(c.t.Context(), "clusters/eu", &api.EnableAuthOptions{Type: "kubernetes"})
	}
	if err != nil {
		c.t.Fatal(err)
	}
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.server.Certificate().Raw})
	write := func(path string, data map[string]any) {
		c.t.Helper()
		if _, err := root.Logical().WriteWithContext(c.t.Context(), "auth/clusters/eu/"+path, data); err != nil {
			c.t.Fatal(err)
		}
	}
	write("config", map[string]any{"kubernetes_host": c.server.URL, "kubernetes_ca_cert": string(authority), "disable_local_ca_jwt": true})
	for _, role := range []string{"encrypt", "decrypt"} {
		write("role/"+role, map[string]any{
			"bound_service_account_names": "kelisim", "bound_service_account_namespaces": "people",
			"token_policies": "kelisim-" + role + "-transit", "token_no_default_policy": true, "token_period": "1h",
		})
	}
	return root
}

func TestKubernetesLogsInAndAgainWithTheTokenOfTheDay(t *testing.T) {
	t.Parallel()
	plugin, k := daemon.KubernetesPlugin(t), newCluster(t)
	v := daemon.PrivateVault(t, fmt.Sprintf("plugin_directory = %q", filepath.Dir(plugin)))
	root := k.trust(v, plugin)
	file := filepath.Join(t.TempDir(), "token")
	k.issue(file)
	c := config(v.VaultServer)
	as := func(role string) transit.Login {
		return transit.Kubernetes{Mount: "clusters/eu", Role: role, TokenFile: file}
	}
	c.EncryptLogin, c.DecryptLogin = as("encrypt"), as("decrypt")
	e := open(t, c)
	r := newReader(t, e)
	r.read(t)
	before := states(t, e)
	for i, role := range []string{"encrypt", "decrypt"} {
		if s := before[i]; s.Method != "Kubernetes" || !slices.Equal(s.Policies, []string{"kelisim-" + role + "-transit"}) || !s.Renewable {
			t.Errorf("%+v", s)
		}
	}
	k.issue(file)
	for _, s := range before {
		if err := root.Auth().Token().RevokeAccessorWithContext(t.Context(), s.Accessor); err != nil {
			t.Fatal(err)
		}
	}
	r.read(t)
	after := states(t, e)
	if err := e.Close(t.Context()); err != nil {
		t.Error(err)
	}
	for _, s := range after {
		if alive(t, root, s.Accessor) {
			t.Errorf("after the end, the token that may %s lives", s.Name)
		}
	}

	c.DecryptLogin = as("none")
	if err := open(t, c).Healthy(t.Context()); !errors.Is(err, vault.ErrUnavailable) || !strings.Contains(err.Error(), "invalid role name") {
		t.Errorf("a role that is not there: %v", err)
	}
	stale := "stale"
	k.good.Store(&stale)
	c.DecryptLogin = as("decrypt")
	if err := open(t, c).Healthy(t.Context()); !errors.Is(err, vault.ErrUnavailable) || !strings.Contains(err.Error(), "logging in at auth/clusters/eu: it answered 403") {
		t.Errorf("a token that Kubernetes does not know: %v", err)
	}
	hold(t, file, "")
	if _, err := transit.New(c); err == nil {
		t.Error("an empty token is accepted")
	}
}
