package vault

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/google/uuid"
)

// disclosedAtOnce is how many people or disclosures one call names.
const disclosedAtOnce = 100

// abroadForm is the number of an organisation abroad: a code for the register, and
// the number in it. It has no room for names.
var abroadForm = regexp.MustCompile(`^[A-Z]{2,5}-[0-9]{4,15}$`)

// Disclosing is data that was passed on, or is about to be: of several people,
// to one recipient, on one ground.
type Disclosing struct {
	App       string
	Users     []uuid.UUID
	Recipient RecipientRef
	Fields    []string
	Purpose   string // code of an item; needed for CONSENT
	Ground    DisclosureGround
	Reference string
	Requester RecipientRef // LAW: the authority that demanded it, by its registration
	Violation Violation
	// Acknowledged: the recorder has read the pack's warning about disputes.
	Acknowledged bool
	// Withheld is the legal reference that bars the people from being told.
	Withheld       string
	IdempotencyKey string
}

// RecipientRef names a recipient: by the name under which the policy in force
// declares it, or by its number in the register of its country.
type RecipientRef struct{ Name, Registration, Country string }

// Disclosed is the answer to a Disclosing.
type Disclosed struct {
	Disclosures []Disclosure // in the order of the people named
	Warnings    []Rule       // of the rule pack
}

// RecordDisclosure puts on record that data is passed on. On the ground of
// CONSENT the consents are checked: that to the third party, and abroad that to
// crossing the border. What is refused is on record too. LAW and DISPUTE are for
// COMPLIANCE: another colleague has approved them, and answers for them.
func (s *Service) RecordDisclosure(ctx context.Context, a Actor, in Disclosing) (Disclosed, error) {
	role, err := s.disclosingRole(ctx, a, in)
	if err != nil {
		return Disclosed{}, err
	}
	app, err := s.app(ctx, in.App)
	if err != nil {
		return Disclosed{}, err
	}
	pack, err := s.pack(app)
	if err != nil {
		return Disclosed{}, err
	}
	if errs := in.check(pack, s.Normaliser); len(errs) > 0 {
		return Disclosed{}, errs
	}
	d := disclosing{Service: s, actor: a, role: role, in: in, pack: pack}
	act, err := s.once(ctx, a, "recordDisclosure", in.IdempotencyKey, in.digestParts(), func(remember rememberer) (uuid.UUID, error) {
		return retry(ctx, func() (uuid.UUID, error) { return d.record(ctx, remember) })
	})
	if err != nil {
		return Disclosed{}, err
	}
	list, err := s.Reader.DisclosedIn(ctx, act)
	slices.SortFunc(list, func(a, b Disclosure) int {
		return slices.Index(in.Users, a.User) - slices.Index(in.Users, b.User)
	})
	return Disclosed{list, in.warnings(pack)}, err
}

// disclosingRole is the role that allows it. A service passes on by consent
// only, for its own purposes in its own apps.
func (s *Service) disclosingRole(ctx context.Context, a Actor, in Disclosing) (Role, error) {
	role, ok := a.Allowed(Compliance, Machine)
	switch {
	case !ok:
		return "", NewError(CodeForbidden, "this role records no disclosures")
	case role == Compliance:
		return role, nil
	case in.Ground != ByConsent:
		err := NewError(CodeForbidden, "a service passes data on by consent only; the law and disputes are for compliance")
		return "", s.refuse(ctx, a, "Mutation.recordDisclosure", only(in.Users), err)
	case !slices.Contains(a.Apps, in.App) || !slices.Contains(a.Purposes, in.Purpose):
		err := NewError(CodeForbidden, "this service is not configured for the purpose in this app")
		return "", s.refuse(ctx, a, "Mutation.recordDisclosure", only(in.Users), err)
	}
	return role, nil
}

// check holds the input's form: each ground needs what belongs to it, and
// nothing else.
func (in Disclosing) check(pack *RulePack, normaliser Normaliser) Errors {
	var errs Errors
	bad := func(wrong bool, code Code, message string, path ...string) {
		if wrong {
			errs = append(errs, NewError(code, message).At(path...))
		}
	}
	bad(len(in.Users) == 0 || len(in.Users) > disclosedAtOnce, CodeRequired, "name 1 to 100 people", "users")
	bad(len(in.Fields) == 0 || len(in.Fields) > disclosedAtOnce, CodeRequired, "name the fields that are passed on", "fields")
	for i := range in.Users {
		bad(slices.Contains(in.Users[:i], in.Users[i]), CodeDuplicateInput, "the person is named twice", "users", itoa(int64(i)))
	}
	for i, field := range in.Fields {
		bad(slices.Contains(in.Fields[:i], field), CodeDuplicateInput, "the field is named twice", "fields", itoa(int64(i)))
	}
	bad(in.Purpose != "" && !itemCodeForm.MatchString(in.Purpose), CodeUnknownItem, "a purpose is the code of a consent item", "purpose")
	bad(in.Ground == ByConsent && in.Purpose == "", CodeRequired, "say for which purpose: the code of a consent item", "purpose")
	bad(in.Ground == ByConsent && in.Reference != "", CodeInvalidValue, "a consent needs no reference", "reference")
	bad(in.Ground == ByLaw && !legalForm.MatchString(in.Reference), CodeInvalidValue,
		"the reference of an order or article is capital letters, a hyphen and numbers: ART-8.4, COURT-7599-26-00-2/1234", "reference")
	bad(in.Ground == ByDispute && !ticketForm.MatchString(in.Reference), CodeInvalidValue,
		"the reference of a case is capital letters, a hyphen and up to nine digits: CASE-1234", "reference")
	bad(in.Ground == ByDispute && in.Violation == "", CodeRequired, "say what was violated", "violation")
	bad(in.Ground != ByDispute && in.Violation != "", CodeInvalidValue, "a violation belongs to a dispute", "violation")
	bad(in.Withheld != "" && in.Ground != ByLaw, CodeInvalidValue, "only the law keeps a disclosure from the person", "withholdFromPerson")
	bad(in.Withheld != "" && !legalForm.MatchString(in.Withheld), CodeInvalidValue,
		"a legal reference is capital letters, a hyphen and numbers: ART-8.4", "withholdFromPerson", "reference")
	errs = append(errs, in.Recipient.check(in.Ground, normaliser)...)
	errs = append(errs, in.checkRequester(normaliser)...)
	if len(in.warnings(pack)) > 0 {
		rule := pack.Rule(RuleDisputeGround)
		switch {
		case rule.Severity == Fatal:
			errs = append(errs, aboutRule(NewError(CodeDisputeRefused, "the rules do not let data be passed on in a dispute"), rule).At("ground"))
		case !in.Acknowledged:
			errs = append(errs, aboutRule(NewError(CodeUnacknowledged, "read what the rule says, and acknowledge it: acknowledgeWarning"), rule).At("acknowledgeWarning"))
		}
	}
	return errs
}

func aboutRule(e *Error, r Rule) *Error {
	return e.With("rule", string(r.ID)).With("article", r.Article).With("mark", string(r.Mark)).With("says", wordsOr(r.Says, "en"))
}

// warnings are the rules of the pack that speak against it.
func (in Disclosing) warnings(pack *RulePack) []Rule {
	rule := pack.Rule(RuleDisputeGround)
	if in.Ground != ByDispute || rule.Severity != Warning && rule.Severity != Fatal {
		return nil
	}
	return []Rule{rule}
}

func (r RecipientRef) check(ground DisclosureGround, normaliser Normaliser) Errors {
	at := func(e error, path ...string) Errors {
		return Errors{asError(e).At(append([]string{"recipient"}, path...)...)}
	}
	switch {
	case !countryForm.MatchString(r.Country):
		return at(NewError(CodeInvalidValue, "a country is two capital letters, ISO 3166-1"), "country")
	case (r.Name == "") == (r.Registration == ""):
		return at(NewError(CodeRequired, "name the recipient as the policy does, or give its registration; one of the two"))
	case r.Name != "":
		return nil
	case ground == ByConsent:
		return at(NewError(CodeUnknownRecipient, "consent is given to recipients that the policy names: give the name"), "registration")
	}
	if err := r.registered(normaliser); err != nil {
		return at(err, "registration")
	}
	return nil
}

func (in Disclosing) digestParts() []string {
	parts := []string{
		in.App, in.Recipient.Name, in.Recipient.Registration, in.Recipient.Country, strings.Join(in.Fields, " "), in.Purpose,
		string(in.Ground), in.Reference, string(in.Violation), in.Withheld,
		in.Requester.Registration, in.Requester.Country,
	}
	for _, user := range in.Users {
		parts = append(parts, user.String())
	}
	return parts
}

// disclosing is one call under way.
type disclosing struct {
	*Service
	actor Actor
	role  Role
	in    Disclosing
	pack  *RulePack
}

// record decides about each person and writes all disclosures, or none.
func (d disclosing) record(ctx context.Context, remember rememberer) (uuid.UUID, error) {
	people, err := d.People(ctx, d.actor, d.in.App, d.in.Users)
	if err != nil {
		return uuid.Nil, err
	}
	approvals, err := d.approved(ctx, people)
	if err != nil {
		return uuid.Nil, err
	}
	has, err := d.held(ctx)
	if err != nil {
		return uuid.Nil, err
	}
	act := d.NewID()
	rows := make([]Disclosure, len(people))
	var errs Errors
	var events []AuditEvent
	for i, p := range people {
		if p == nil {
			return uuid.Nil, ErrNotFound.At("users", itoa(int64(i)))
		}
		row, wrong := d.decide(p, act, i)
		if len(wrong) == 0 {
			wrong = settle(&row, d, approvals[i], has[p.User.ID], i)
		}
		event := d.told(row)
		if len(wrong) > 0 {
			errs = append(errs, wrong...)
			event = d.refused(p, event)
		}
		rows[i], events = row, append(events, event)
	}
	if len(errs) > 0 {
		refused := slices.DeleteFunc(events, func(e AuditEvent) bool { return e.Outcome != OutcomeDenied })
		return uuid.Nil, errors.Join(errs, d.Service.record(ctx, refused...))
	}
	order := slices.SortedFunc(slices.Values(people), func(a, b *Person) int { // always the same, so that no two calls wait for each other
		return strings.Compare(a.User.ID.String(), b.User.ID.String())
	})
	return act, d.Writer.Write(ctx, func(tx Tx) error {
		for _, p := range order {
			tx.Disclose(rows[slices.Index(people, p)], p.User.ConsentSeq, p.User.Status)
		}
		tx.Record(events...)
		remember(tx, act)
		return nil
	})
}

func (d disclosing) told(row Disclosure) AuditEvent {
	e := d.event(d.actor, d.role, DisclosureRecorded)
	e.Subject, e.App, e.Object = row.User, row.App, "Disclosure:"+row.ID.String()
	e.Fields, e.Purpose, e.Reference = row.Fields, row.Purpose, row.Reference
	if len(row.Consents) > 0 {
		e.Consent = row.Consents[0]
	}
	return e
}

// refused makes of an event that of a refusal. What a caller wrote may be
// anything, and events hold no free text.
func (d disclosing) refused(p *Person, e AuditEvent) AuditEvent {
	e.Action, e.Outcome, e.Object = AccessDenied, OutcomeDenied, "Mutation.recordDisclosure"
	e.Fields = slices.DeleteFunc(slices.Clone(e.Fields), func(code string) bool {
		_, known := p.definition(d.Catalogue, code)
		return !known
	})
	if v := p.Current(); v == nil || !slices.ContainsFunc(v.Facts.Items, func(i Item) bool { return i.Code == e.Purpose }) {
		e.Purpose = ""
	}
	return e
}

// decide is the disclosure of one person, or everything that stands in its way.
func (d disclosing) decide(p *Person, act uuid.UUID, n int) (Disclosure, Errors) {
	row := Disclosure{
		ID: d.NewID(), User: p.User.ID, Act: act, App: p.App.Code, Fields: d.in.Fields, Purpose: d.in.Purpose, Ground: d.in.Ground,
		Items: []string{}, Consents: []uuid.UUID{}, Reference: d.in.Reference, Violation: d.in.Violation,
		Recorder: d.actor.ID, Role: d.role, Withheld: d.in.Withheld, Rules: d.pack.Name(), At: p.now,
		Recipient: DisclosedTo{Registration: d.in.Recipient.Registration, Country: d.in.Recipient.Country},
	}
	if row.Withheld == "" {
		row.TellBy, _ = d.pack.Due(RuleDisclosureNotice, p.now)
	}
	if in := d.in.Requester; in != (RecipientRef{}) {
		row.Requester = &DisclosedTo{Registration: in.Registration, Country: in.Country}
	}
	v := p.Current()
	if v == nil {
		return row, Errors{NewError(CodeVersionNotPublished, "no policy is in force in the app").At("app")}
	}
	row.Version = v.ID
	if errs := d.known(p); len(errs) > 0 {
		return row, errs
	}
	if e := d.stopped(p, n); e != nil {
		return row, Errors{e}
	}
	if d.in.Recipient.Name != "" {
		named, ok := v.Facts.recipient(d.in.Recipient)
		if !ok {
			return row, Errors{NewError(CodeUnknownRecipient, "the policy in force names no such recipient in this country").At("recipient")}
		}
		row.Recipient.Name = named.Name
	}
	if row.Ground != ByConsent {
		return row, nil
	}
	return row, d.consented(p, v, &row, n)
}

// settle notes who approved a disclosure, and leaves of its fields those that the
// person has given.
func settle(row *Disclosure, d disclosing, approval StoredEvent, has []string, n int) Errors {
	row.Fields, row.Approver, row.Approval = has, approval.Actor, approval.ID
	switch {
	case row.Ground != ByConsent && approval.ID == uuid.Nil:
		row.Fields = d.in.Fields
		return Errors{NewError(CodeRequired, "another colleague of COMPLIANCE approves this first: approveDisclosure, with the same input").
			At("users", itoa(int64(n)))}
	case len(has) == 0:
		row.Fields = d.in.Fields
		return Errors{NewError(CodeNotCovered, "the person has given nothing under these fields").At("users", itoa(int64(n)))}
	}
	return nil
}

// known refuses fields and a purpose that are none.
func (d disclosing) known(p *Person) Errors {
	var errs Errors
	for i, code := range d.in.Fields {
		if _, ok := p.definition(d.Catalogue, code); !ok {
			errs = append(errs, NewError(CodeFieldNotCollected, "there is no such field in this app").At("fields", itoa(int64(i))))
		}
	}
	if _, ok := p.Current().Facts.Item(d.in.Purpose); d.in.Purpose != "" && !ok {
		errs = append(errs, NewError(CodeUnknownItem, "the policy in force has no such item").At("purpose"))
	}
	return errs
}

// stopped refuses somebody whose data is not processed. What the law demands is
// given of the blocked too.
func (d disclosing) stopped(p *Person, n int) *Error {
	if p.User.Status == StatusActive || p.User.Status == StatusBlocked && d.in.Ground == ByLaw {
		return nil
	}
	return NewError(CodeUserBlocked, "the person is blocked or erased: nothing of theirs is passed on").At("users", itoa(int64(n)))
}
