package main

type keysCommand struct {
	Rotate keysRotateCommand `cmd:"" help:"Make a new version of a key of the embedded engine."`
	Export keysExportCommand `cmd:"" help:"Write the embedded engine's keys to an encrypted file, to move them to HashiCorp Vault. Once."`
	Import keysImportCommand `cmd:"" help:"Put exported keys into HashiCorp Vault. Needs an administrator's token."`
}
