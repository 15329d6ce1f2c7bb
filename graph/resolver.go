package graph

import (
	"context"
	"log/slog"

	"github.com/kelisim/kelisim/graph/generated"
	"github.com/kelisim/kelisim/vault"
)

// Resolver answers the schema from the vault.
type Resolver struct {
	Vault *vault.Service
	// CustomerIssuers are the issuers whose subjects are persons, for look-ups
	// by subject.
	CustomerIssuers []string
	// Match picks the available language that fits the requested ones best.
	Match func(requested, available []string) (string, bool)
	// Denied counts refusals of callers without a token, by operation.
	Denied func(operation string)
	// Deprecated counts operations that use what is to be removed, by its schema
	// coordinate.
	Deprecated func(coordinate string)
	Log        *slog.Logger

	limits Limits // set by NewServer
}

// Config is the generated code's configuration: resolvers, directives, costs.
func (r *Resolver) Config() generated.Config {
	c := generated.Config{Resolvers: r, Directives: generated.DirectiveRoot{Allow: r.allow}}
	r.limits.price(&c.Complexity)
	return c
}

var _ generated.ResolverRoot = (*Resolver)(nil)

// Each noun's resolver is the Resolver under another name.
type (
	actorAccessResolver        struct{ *Resolver }
	appResolver                struct{ *Resolver }
	auditEventResolver         struct{ *Resolver }
	breachResolver             struct{ *Resolver }
	collectedFieldResolver     struct{ *Resolver }
	consentCheckResolver       struct{ *Resolver }
	consentEventResolver       struct{ *Resolver }
	consentItemResolver        struct{ *Resolver }
	consentResolver            struct{ *Resolver }
	contactsResolver           struct{ *Resolver }
	declaredCopyResolver       struct{ *Resolver }
	disclosedToResolver        struct{ *Resolver }
	disclosureResolver         struct{ *Resolver }
	disclosureWarningResolver  struct{ *Resolver }
	encryptionKeyResolver      struct{ *Resolver }
	erasureCertificateResolver struct{ *Resolver }
	mutationResolver           struct{ *Resolver }
	obstacleResolver           struct{ *Resolver }
	operatorResolver           struct{ *Resolver }
	processingBlockResolver    struct{ *Resolver }
	pendingConsentResolver     struct{ *Resolver }
	personalFieldResolver      struct{ *Resolver }
	policyChangeResolver       struct{ *Resolver }
	policyStatusResolver       struct{ *Resolver }
	policyVersionResolver      struct{ *Resolver }
	profileResolver            struct{ *Resolver }
	publicFieldResolver        struct{ *Resolver }
	queryResolver              struct{ *Resolver }
	recipientNoticeResolver    struct{ *Resolver }
	recipientResolver          struct{ *Resolver }
	responsiblePersonResolver  struct{ *Resolver }
	technicalDataResolver      struct{ *Resolver }
	technicalEventResolver     struct{ *Resolver }
	userResolver               struct{ *Resolver }
	vaultLoginResolver         struct{ *Resolver }

	exportResolver                 struct{ *Resolver }
	requesterResolver              struct{ *Resolver }
	subjectRequestResolver         struct{ *Resolver }
	subjectRequestDocumentResolver struct{ *Resolver }
)

// App implements generated.ResolverRoot; so do the methods below.
func (r *Resolver) App() generated.AppResolver             { return appResolver{r} }
func (r *Resolver) Operator() generated.OperatorResolver   { return operatorResolver{r} }
func (r *Resolver) Contacts() generated.ContactsResolver   { return contactsResolver{r} }
func (r *Resolver) Recipient() generated.RecipientResolver { return recipientResolver{r} }

func (r *Resolver) ResponsiblePerson() generated.ResponsiblePersonResolver {
	return responsiblePersonResolver{r}
}

func (r *Resolver) PolicyVersion() generated.PolicyVersionResolver { return policyVersionResolver{r} }
func (r *Resolver) ConsentItem() generated.ConsentItemResolver     { return consentItemResolver{r} }

func (r *Resolver) CollectedField() generated.CollectedFieldResolver {
	return collectedFieldResolver{r}
}

func (r *Resolver) User() generated.UserResolver                   { return userResolver{r} }
func (r *Resolver) Profile() generated.ProfileResolver             { return profileResolver{r} }
func (r *Resolver) PersonalField() generated.PersonalFieldResolver { return personalFieldResolver{r} }

func (r *Resolver) PendingConsent() generated.PendingConsentResolver {
	return pendingConsentResolver{r}
}

func (r *Resolver) PolicyChange() generated.PolicyChangeResolver { return policyChangeResolver{r} }
func (r *Resolver) PolicyStatus() generated.PolicyStatusResolver { return policyStatusResolver{r} }

func (r *Resolver) Consent() generated.ConsentResolver           { return consentResolver{r} }
func (r *Resolver) ConsentEvent() generated.ConsentEventResolver { return consentEventResolver{r} }
func (r *Resolver) ConsentCheck() generated.ConsentCheckResolver { return consentCheckResolver{r} }

func (r *Resolver) AuditEvent() generated.AuditEventResolver { return auditEventResolver{r} }
func (r *Resolver) Query() generated.QueryResolver           { return queryResolver{r} }
func (r *Resolver) Mutation() generated.MutationResolver     { return mutationResolver{r} }

func (r *Resolver) EncryptionKey() generated.EncryptionKeyResolver { return encryptionKeyResolver{r} }

func (r *Resolver) DeclaredCopy() generated.DeclaredCopyResolver { return declaredCopyResolver{r} }
func (r *Resolver) VaultLogin() generated.VaultLoginResolver     { return vaultLoginResolver{r} }

// SubjectRequest implements generated.ResolverRoot; so do the methods below.
func (r *Resolver) SubjectRequest() generated.SubjectRequestResolver {
	return subjectRequestResolver{r}
}
func (r *Resolver) Requester() generated.RequesterResolver { return requesterResolver{r} }
func (r *Resolver) Export() generated.ExportResolver       { return exportResolver{r} }

func (r *Resolver) SubjectRequestDocument() generated.SubjectRequestDocumentResolver {
	return subjectRequestDocumentResolver{r}
}

func (r *Resolver) PublicField() generated.PublicFieldResolver { return publicFieldResolver{r} }
func (r *Resolver) Disclosure() generated.DisclosureResolver   { return disclosureResolver{r} }
func (r *Resolver) DisclosedTo() generated.DisclosedToResolver { return disclosedToResolver{r} }

func (r *Resolver) DisclosureWarning() generated.DisclosureWarningResolver {
	return disclosureWarningResolver{r}
}

func (r *Resolver) RecipientNotice() generated.RecipientNoticeResolver {
	return recipientNoticeResolver{r}
}

// ProcessingBlock implements generated.ResolverRoot.
func (r *Resolver) ProcessingBlock() generated.ProcessingBlockResolver {
	return processingBlockResolver{r}
}

// ErasureCertificate implements generated.ResolverRoot.
func (r *Resolver) ErasureCertificate() generated.ErasureCertificateResolver {
	return erasureCertificateResolver{r}
}
func (r *Resolver) Obstacle() generated.ObstacleResolver { return obstacleResolver{r} }

// appOr is the app named, or the one that is meant when none is.
func (r *Resolver) appOr(ctx context.Context, app *string) (string, error) {
	if app != nil && *app != "" {
		return *app, nil
	}
	return r.Vault.DefaultApp(ctx, from(ctx).actor)
}

// ActorAccess implements generated.ResolverRoot; so do the methods below.
func (r *Resolver) ActorAccess() generated.ActorAccessResolver { return actorAccessResolver{r} }
func (r *Resolver) Breach() generated.BreachResolver           { return breachResolver{r} }

func (r *Resolver) TechnicalData() generated.TechnicalDataResolver {
	return technicalDataResolver{r}
}

func (r *Resolver) TechnicalEvent() generated.TechnicalEventResolver {
	return technicalEventResolver{r}
}
