// Package vault is what a privacy vault is: its types, its rules and its use
// cases. Graph asks, vault decides, server runs.
//
// It imports the standard library and uuid, nothing else. What it needs from
// the outside stands as interfaces in ports.go and crypto.go; the adapters in
// the folders below implement them, and only package server knows which is
// which. Data walks through one way: a use case validates, encrypts, writes.
package vault
