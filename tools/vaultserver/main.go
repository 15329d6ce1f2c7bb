// Command vaultserver is HashiCorp Vault's own server, built from its Go
// module for the tests alone. It is a module of its own so that nothing of it
// can reach the product's requirements: Vault's server is BUSL-licensed and is
// never linked into Kelisim.
package main

import (
	"os"

	"github.com/hashicorp/vault/command"
)

func main() { os.Exit(command.Run(os.Args[1:])) }
