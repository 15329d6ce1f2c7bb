// Package graph is the GraphQL edge: GraphQL in, vault calls out. It holds no
// SQL, no cryptography and no rules. Its files are one per noun, with
// resolvers of a few lines; profile.go is the one place that asks for
// plaintext, error.go the one place that words an error for clients.
package graph

//go:generate go tool gqlgen generate
