package idptest

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

var errUnknown = errors.New("idptest: unknown")

// storage is what the provider remembers: op.Storage, in memory.
type storage struct{ *Provider }

var _ op.Storage = storage{}

// login is a login under way: op.AuthRequest.
type login struct {
	id      string
	request *oidc.AuthRequest
	aud     []string
	user    string // empty until they said who they are
	at      time.Time
}

func (l *login) GetID() string                      { return l.id }
func (l *login) GetACR() string                     { return "" }
func (l *login) GetAMR() []string                   { return nil }
func (l *login) GetAudience() []string              { return l.aud }
func (l *login) GetAuthTime() time.Time             { return l.at }
func (l *login) GetClientID() string                { return l.request.ClientID }
func (l *login) GetNonce() string                   { return l.request.Nonce }
func (l *login) GetRedirectURI() string             { return l.request.RedirectURI }
func (l *login) GetResponseType() oidc.ResponseType { return l.request.ResponseType }
func (l *login) GetResponseMode() oidc.ResponseMode { return l.request.ResponseMode }
func (l *login) GetScopes() []string                { return l.request.Scopes }
func (l *login) GetState() string                   { return l.request.State }
func (l *login) GetSubject() string                 { return l.user }
func (l *login) Done() bool                         { return l.user != "" }
func (l *login) GetCodeChallenge() *oidc.CodeChallenge {
	return &oidc.CodeChallenge{Challenge: l.request.CodeChallenge, Method: l.request.CodeChallengeMethod}
}

// renewal is a login whose tokens are renewed: op.RefreshTokenRequest.
type renewal struct{ *login }

// SetCurrentScopes implements op.RefreshTokenRequest.
func (r renewal) SetCurrentScopes([]string) {}

// CreateAuthRequest implements op.Storage.
func (s storage) CreateAuthRequest(_ context.Context, request *oidc.AuthRequest, _ string) (op.AuthRequest, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if request.CodeChallenge == "" {
		return nil, oidc.ErrInvalidRequest().WithDescription("PKCE is required")
	}
	l := &login{id: "login-" + strconv.Itoa(s.number()), request: request, aud: slices.Clone(s.clients[request.ClientID].Audiences)}
	s.pending[l.id] = l
	return l, nil
}

// AuthRequestByID implements op.Storage.
func (s storage) AuthRequestByID(_ context.Context, id string) (op.AuthRequest, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l, ok := s.pending[id]; ok {
		return l, nil
	}
	return nil, errUnknown
}

// AuthRequestByCode implements op.Storage.
func (s storage) AuthRequestByCode(ctx context.Context, code string) (op.AuthRequest, error) {
	s.mu.Lock()
	id := s.codes[code]
	s.mu.Unlock()
	return s.AuthRequestByID(ctx, id)
}

// SaveAuthCode implements op.Storage.
func (s storage) SaveAuthCode(_ context.Context, id, code string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.codes[code] = id
	return nil
}

// DeleteAuthRequest implements op.Storage. A code counts once.
func (s storage) DeleteAuthRequest(_ context.Context, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.pending, id)
	return nil
}

// CreateAccessToken implements op.Storage.
func (s storage) CreateAccessToken(_ context.Context, request op.TokenRequest) (string, time.Time, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	of, ok := request.(interface{ GetClientID() string })
	if !ok {
		return "", time.Time{}, errUnknown
	}
	c := s.clients[of.GetClientID()]
	return "token-" + strconv.Itoa(s.number()), s.clock().Add(c.Ahead + c.Lifetime), nil
}

// CreateAccessAndRefreshTokens implements op.Storage. A refresh token counts once.
func (s storage) CreateAccessAndRefreshTokens(ctx context.Context, request op.TokenRequest, current string) (string, string, time.Time, error) {
	id, expires, err := s.CreateAccessToken(ctx, request)
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.renewed, current)
	next := "refresh-" + strconv.Itoa(s.number())
	switch request := request.(type) {
	case *login:
		s.renewed[next] = renewal{request}
	case renewal:
		s.renewed[next] = request
	default:
		return "", "", time.Time{}, errUnknown
	}
	return id, next, expires, err
}

// TokenRequestByRefreshToken implements op.Storage.
func (s storage) TokenRequestByRefreshToken(_ context.Context, token string) (op.RefreshTokenRequest, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r, ok := s.renewed[token]; ok {
		return r, nil
	}
	return nil, errUnknown
}

// TerminateSession implements op.Storage.
func (storage) TerminateSession(context.Context, string, string) error { return nil }

// RevokeToken implements op.Storage.
func (s storage) RevokeToken(_ context.Context, token, _, _ string) *oidc.Error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.renewed, token)
	return nil
}

// GetRefreshTokenInfo implements op.Storage.
func (s storage) GetRefreshTokenInfo(_ context.Context, _, token string) (user, id string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r, ok := s.renewed[token]; ok {
		return r.user, token, nil
	}
	return "", "", op.ErrInvalidRefreshToken
}

// SigningKey implements op.Storage.
func (s storage) SigningKey(context.Context) (op.SigningKey, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.keys[len(s.keys)-1], nil
}

// SignatureAlgorithms implements op.Storage.
func (storage) SignatureAlgorithms(context.Context) ([]jose.SignatureAlgorithm, error) {
	return []jose.SignatureAlgorithm{jose.RS256}, nil
}

// KeySet implements op.Storage.
func (s storage) KeySet(context.Context) ([]op.Key, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]op.Key, len(s.keys))
	for i, k := range s.keys {
		out[i] = publicKey{k}
	}
	return out, nil
}

// GetClientByClientID implements op.Storage.
func (s storage) GetClientByClientID(_ context.Context, id string) (op.Client, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c, ok := s.clients[id]; ok {
		return client{c}, nil
	}
	return nil, errUnknown
}

// AuthorizeClientIDSecret implements op.Storage.
func (storage) AuthorizeClientIDSecret(context.Context, string, string) error { return errUnknown }

// SetUserinfoFromScopes implements op.Storage.
func (storage) SetUserinfoFromScopes(context.Context, *oidc.UserInfo, string, string, []string) error {
	return nil
}

// SetUserinfoFromToken implements op.Storage.
func (storage) SetUserinfoFromToken(context.Context, *oidc.UserInfo, string, string, string) error {
	return errUnknown
}

// SetIntrospectionFromToken implements op.Storage.
func (storage) SetIntrospectionFromToken(context.Context, *oidc.IntrospectionResponse, string, string, string) error {
	return errUnknown
}

// GetPrivateClaimsFromScopes implements op.Storage.
func (s storage) GetPrivateClaimsFromScopes(_ context.Context, user, _ string, _ []string) (map[string]any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.users[user].Claims, nil
}

// GetKeyByIDAndClientID implements op.Storage.
func (storage) GetKeyByIDAndClientID(context.Context, string, string) (*jose.JSONWebKey, error) {
	return nil, errUnknown
}

// ValidateJWTProfileScopes implements op.Storage.
func (storage) ValidateJWTProfileScopes(context.Context, string, []string) ([]string, error) {
	return nil, errUnknown
}

// Health implements op.Storage.
func (storage) Health(context.Context) error { return nil }
