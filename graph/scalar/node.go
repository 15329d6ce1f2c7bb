package scalar

// Node is whatever the schema's interface of that name may be. The vault's
// types know nothing of GraphQL, so there is no method to ask them for; the
// generated code lists the possible ones.
type Node any
