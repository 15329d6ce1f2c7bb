# Vault as docker-compose.yml runs it: a real server with its storage on disk,
# alone and without TLS. In production it has both: three nodes or more, TLS,
# and an unseal key that lies in a KMS or an HSM.
ui            = false
disable_mlock = true # as raft's storage asks; swap off on the host instead
api_addr      = "http://vault:8200"
cluster_addr  = "http://vault:8201"

storage "raft" {
  path    = "/vault/file"
  node_id = "vault"
}

listener "tcp" {
  address     = "0.0.0.0:8200"
  tls_disable = true
}
