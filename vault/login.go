package vault

import "time"

// LoginState is how one of the logins to HashiCorp's Vault stands, as Vault
// tells it. A token is never part of it.
type LoginState struct {
	Name     string   // what the login does: "encrypt", "decrypt", or both
	Method   string   // how it is made: "token", "token file", "AppRole" or "Kubernetes"
	Accessor string   // names the token in Vault without being it; empty for a batch token
	Policies []string // sorted
	// Expires is when the token ends unless it is renewed; zero: never.
	Expires   time.Time
	Renewable bool
	// Err is why Vault told nothing; nothing but Name and Method is set then.
	Err error
}
