package main

// examination is one check of `kelisim doctor`, by the name that reports,
// --accept and docs/operations.md know it by.
type examination struct {
	name string
	run  func(*patient) []finding
}

// examinations are all checks, in the order of a report.
func examinations() []examination {
	return []examination{
		{"keys", checkKeys},
		{"listener", checkListener},
		{"internal-listener", checkInternalListener},
		{"trusted-proxies", checkProxies},
		{"issuers", checkIssuers},
		{"development", checkDevelopment},
		{"demo", checkDemo},
		{"data-folder", checkDataFolder},
		{"secret-files", checkSecretFiles},
		{"trusted-files", checkTrustedFiles},
		{"folders", checkFolders},
		{"environment", checkSecrets},
		{"keyring-key", checkKeyring},
		{"database-setting", checkDatabaseSetting},
		{"database-connection", checkDatabaseConnection},
		{"database-role", checkDatabaseRole},
		{"redis-setting", checkRedisSetting},
		{"redis-user", checkRedisUser},
		{"vault-address", checkVaultAddress},
		{"vault-split", checkVaultSplit},
		{"vault-logins", checkVaultLogins},
		{"vault-keys", checkVaultKeys},
		{"erasure-ledger", checkErasureLedger},
		{"audit-file", checkAuditFile},
		{"audit-file-mode", checkAuditFileMode},
		{"storage-region", checkStorageRegion},
		{"log-level", checkLogLevel},
	}
}
