package graph

import (
	"math"
	"time"

	"github.com/kelisim/kelisim/graph/generated"
	"github.com/kelisim/kelisim/vault"
)

// price gives lists their cost: what one row costs, times the rows asked for.
// gqlgen's own default counts a list as one.
func (l Limits) price(c *generated.ComplexityRoot) {
	l.pricePeople(c)
	l.priceConsents(c)
	l.pricePolicies(c)
	l.priceRequests(c)
	l.priceOversight(c)
}

func (l Limits) pricePeople(c *generated.ComplexityRoot) {
	c.Query.Users = func(child int, first *int, _ *string, _ *generated.UserFilter) int { return l.rows(child, first) }
	c.UserConnection.TotalCount = func(int) int { return countCost }
	c.User.TechnicalData = func(child int, first *int, _ *string, _ *generated.BasisInput) int { return l.rows(child, first) }
	c.Query.FindUsers = func(child int, _ generated.FindUsersInput) int { return times(child, 10) }
	c.User.Changes = func(child int, first *int, _ *string) int { return l.rows(child, first) }
	c.Query.PublicProfile = func(child int, _ string, _ *string) int { return times(max(child, 1), publicCost) }
}

func (l Limits) priceConsents(c *generated.ComplexityRoot) {
	c.PendingConsent.Changes = func(child int) int { return times(child, 5) }
	c.Query.ConsentStatistics = func(child int, _ string) int { return statisticsCost + child }
	c.User.Consents = func(child int, first *int, _, _ *string, _ *vault.ConsentState) int { return l.rows(child, first) }
	c.User.Disclosures = func(child int, first *int, _ *string) int { return l.rows(child, first) }
	c.Query.RecipientNotices = func(child int, _ *generated.RecipientNoticeFilter, first *int, _ *string) int {
		return l.rows(child, first)
	}
	c.Query.ConsentChecks = func(child int, users []string, _ string, _, _ *string, _ *time.Time, _ *vault.Channel) int {
		return times(child, max(len(users), 1))
	}
}

func (l Limits) pricePolicies(c *generated.ComplexityRoot) {
	c.PolicyDocument.Text = func(int) int { return textCost }
	c.PolicyDocument.ConsentForm = func(int) int { return textCost }
	c.PolicyVersion.Changes = func(child int, _ *string) int { return changesCost + times(child, 10) }
	c.Query.PolicyVersions = func(child int, _ *string, first *int, _ *string) int { return l.rows(child, first) }
}

func (l Limits) priceRequests(c *generated.ComplexityRoot) {
	c.User.Requests = func(child int, first *int, _ *string) int { return l.rows(child, first) }
	c.Query.SubjectRequests = func(child int, _ *generated.SubjectRequestFilter, _ vault.RequestOrder, first *int, _ *string) int {
		return l.rows(child, first)
	}
	c.SubjectRequest.Joined = func(child int) int { return times(child, 5) }
	c.SubjectRequest.Document = func(child int, _ *string) int { return textCost + child }
}

func (l Limits) priceOversight(c *generated.ComplexityRoot) {
	c.Query.Breaches = func(child int, _ bool) int { return times(max(child, 1), l.Page) }
	c.Query.AuditEvents = func(child int, _ *generated.AuditFilter, first *int, _ *string) int { return l.rows(child, first) }
}

// rows is the price of a page of a list, of which one row costs child.
func (l Limits) rows(child int, first *int) int {
	n := usualPage
	if first != nil {
		n = *first
	}
	return times(max(child, 1), min(max(n, 1), l.Page))
}

// textCost is the price of a policy's text: some ten thousand bytes.
const textCost = 20

// publicCost is the price of a public profile: anybody may ask, and each reading
// decrypts and leaves an event.
const publicCost = 100

// changesCost is the price of comparing two versions; statisticsCost that of
// reading all events of an app, so that a document asks for it once.
const (
	changesCost    = 20
	statisticsCost = 2600
)

// countCost is the price of totalCount beside each row's: a count reads the
// whole table.
const countCost = 10

// times multiplies without running over.
func times(a, b int) int {
	if a > 0 && b > math.MaxInt32/a {
		return math.MaxInt32
	}
	return a * b
}
