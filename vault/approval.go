package vault

import (
	"context"
	"slices"
	"strings"

	"github.com/google/uuid"
)

// What is passed on by law or in a dispute takes two colleagues: one approves it,
// and another one records it. The approval is an event of the audit log for each
// person, which says exactly what may be passed on; it is good for one record.
// Nothing counts as passed on because it was approved.

// approvedAtOnce is how many approvals of a person are looked through, the newest
// first.
const approvedAtOnce = 500

// ApproveDisclosure lets another colleague record that data is passed on, as the
// input says it. It is held against the same rules.
func (s *Service) ApproveDisclosure(ctx context.Context, a Actor, in Disclosing) error {
	role, ok := a.Allowed(Compliance)
	if !ok {
		return NewError(CodeForbidden, "this role approves no disclosures")
	}
	app, err := s.app(ctx, in.App)
	if err != nil {
		return err
	}
	pack, err := s.pack(app)
	if err != nil {
		return err
	}
	errs := in.check(pack, s.Normaliser)
	if in.Ground == ByConsent {
		errs = append(errs, NewError(CodeInvalidValue, "consents need no approval").At("ground"))
	}
	if len(errs) > 0 {
		return errs
	}
	object, err := in.approval()
	if err != nil {
		return err
	}
	people, err := s.People(ctx, a, in.App, in.Users)
	if err != nil {
		return err
	}
	events := make([]AuditEvent, len(people))
	for i, p := range people {
		if p == nil {
			return ErrNotFound.At("users", itoa(int64(i)))
		}
		events[i] = s.event(a, role, DisclosureApproved)
		events[i].Subject, events[i].App, events[i].Object = p.User.ID, p.App.Code, object
		events[i].Fields, events[i].Purpose, events[i].Reference = in.Fields, in.Purpose, in.Reference
	}
	d := disclosing{Service: s, actor: a, role: role, in: in, pack: pack}
	if v := people[0].Current(); v == nil {
		return NewError(CodeVersionNotPublished, "no policy is in force in the app").At("app")
	}
	if errs := d.known(people[0]); len(errs) > 0 { // events hold codes, and no other text
		return errs
	}
	_, err = s.once(ctx, a, "approveDisclosure", in.IdempotencyKey, in.digestParts(), func(remember rememberer) (uuid.UUID, error) {
		return events[0].ID, s.Writer.Write(ctx, func(tx Tx) error {
			tx.Record(events...)
			remember(tx, events[0].ID)
			return nil
		})
	})
	return err
}

// approval names what is approved, whosever data it is: it is the same for the
// same recipient, requester, fields and grounds.
func (in Disclosing) approval() (string, error) {
	in.Users = nil
	raw, err := Canonical(in.digestParts())
	return "DisclosureApproval:" + Hash(raw), err
}

// approved finds, for each person, an approval by another colleague that was not
// used yet: zero where there is none.
func (d disclosing) approved(ctx context.Context, people []*Person) ([]StoredEvent, error) {
	out := make([]StoredEvent, len(people))
	if d.in.Ground == ByConsent {
		return out, nil
	}
	object, err := d.in.approval()
	if err != nil {
		return nil, err
	}
	for i, p := range people {
		if p == nil {
			continue
		}
		events, err := d.Reader.Events(ctx, AuditFilter{Subject: p.User.ID, Action: string(DisclosureApproved)}, Page{Limit: approvedAtOnce})
		if err != nil {
			return nil, err
		}
		done, err := d.Reader.Disclosures(ctx, p.User.ID, true, Page{Limit: approvedAtOnce})
		if err != nil {
			return nil, err
		}
		k := slices.IndexFunc(events, func(e StoredEvent) bool {
			return e.Object == object && e.Actor != d.actor.ID &&
				!slices.ContainsFunc(done, func(was Disclosure) bool { return was.Approval == e.ID })
		})
		if k >= 0 {
			out[i] = events[k]
		}
	}
	return out, nil
}

// held are the fields of the input that there is something of, by person: what
// was never given is passed on to nobody.
func (d disclosing) held(ctx context.Context) (map[uuid.UUID][]string, error) {
	stored, err := d.Reader.Fields(ctx, d.in.Users)
	if err != nil {
		return nil, err
	}
	has := map[uuid.UUID][]string{}
	for _, f := range stored {
		has[f.User] = append(has[f.User], f.Code)
	}
	if slices.ContainsFunc(d.in.Fields, func(code string) bool { return slices.Contains(technicalCodes, code) }) {
		for _, user := range d.in.Users {
			batches, err := d.Reader.Technical(ctx, user, Page{Limit: 1})
			if err != nil {
				return nil, err
			}
			if len(batches) > 0 {
				has[user] = append(has[user], technicalCodes...)
			}
		}
	}
	out := map[uuid.UUID][]string{}
	for user, codes := range has {
		out[user] = slices.DeleteFunc(slices.Clone(d.in.Fields), func(code string) bool { return !slices.Contains(codes, code) })
	}
	return out, nil
}

// registered checks the number of an organisation in the register of its country.
func (r RecipientRef) registered(normaliser Normaliser) error {
	switch {
	case r.Country == HomeJurisdiction: // a BIN is Kazakhstan's, whatever the rules
		return normaliser.CheckOrganisation(r.Registration)
	case !abroadForm.MatchString(r.Registration) || digits(r.Registration) == personalDigits:
		return NewError(CodeInvalidValue,
			"a registration abroad is the register's two to five capital letters, a hyphen and 4 to 15 digits, as HRB-12345; twelve digits are a person's number")
	}
	return nil
}

// personalDigits is how long the numbers of persons are in Kazakhstan and Russia.
const personalDigits = 12

func digits(text string) int {
	return len(text) - len(strings.TrimRight(text, "0123456789"))
}

// checkRequester holds the authority that demanded the data to its form: LAW
// needs one, and nothing else has one.
func (in Disclosing) checkRequester(normaliser Normaliser) Errors {
	r := in.Requester
	switch {
	case in.Ground != ByLaw && r == (RecipientRef{}):
		return nil
	case in.Ground != ByLaw:
		return Errors{NewError(CodeInvalidValue, "only what the law demands has an authority that asked").At("requester")}
	case r == (RecipientRef{}):
		return Errors{NewError(CodeRequired, "say which authority asked: its registration and country").At("requester")}
	case !countryForm.MatchString(r.Country):
		return Errors{NewError(CodeInvalidValue, "a country is two capital letters, ISO 3166-1").At("requester", "country")}
	}
	if err := r.registered(normaliser); err != nil {
		return Errors{asError(err).At("requester", "registration")}
	}
	return nil
}
