package vault

import (
	"fmt"
	"slices"
	"time"
)

// RulePack is the law of one jurisdiction as data: what a policy has to say,
// how long somebody may take, from how many people on something holds. The law
// changes several times a year, so none of it is in the code: the code asks for
// rules by their ids, and a pack that lacks one is not loaded.
type RulePack struct {
	Code    string // of the jurisdiction: KZ
	Version string // of the pack: the day of its last change, YYYY-MM-DD
	Law     Words  // the law's full title
	Rules   []Rule
	Calendar
}

// Rule is one rule of a pack. What it does not set is zero.
type Rule struct {
	ID       RuleID
	Article  string // where it stands in the law; empty: in no article
	Source   string // where that was read
	Mark     Mark
	Says     Words     // for people, in a sentence
	Deadline *Deadline // how long somebody may take
	Period   string    // how long something holds, ISO 8601
	Number   int64     // a threshold
	List     []string  // codes: of fields, countries, kinds
	Severity Severity  // of what a policy lacks
}

// Mark says how well a rule is known.
type Mark string

// The marks. What a pack prints names every rule that it leans on and that
// nobody has read in the law.
const (
	Found      Mark = "FOUND"       // read in the source that the rule names
	FromMemory Mark = "FROM_MEMORY" // nobody has looked it up yet
	Concluded  Mark = "CONCLUDED"   // our own conclusion, in no article
)

// Confirmed reports whether the rule was read in a source.
func (r Rule) Confirmed() bool { return r.Mark == Found }

// Severity says what it means when a policy lacks what a rule wants.
type Severity string

// The severities.
const (
	Ignore  Severity = "IGNORE"
	Warning Severity = "WARNING" // publishing it takes a reason, which stays on record
	Fatal   Severity = "ERROR"   // it cannot be published
)

// Deadline is how long somebody may take.
type Deadline struct {
	Count int
	Unit  Unit
}

// Unit is what a deadline is counted in.
type Unit string

// The units.
const (
	WorkingDays  Unit = "WORKING_DAYS"
	CalendarDays Unit = "DAYS"
	ClockHours   Unit = "HOURS"
	Months       Unit = "MONTHS"
)

// RuleID names a rule, the same in every pack.
type RuleID string

// The rules that the code asks for, and what each sets.
const (
	RuleWithdrawalStop    RuleID = "withdrawal.stop"            // Deadline: processing stops after a withdrawal
	RuleErasure           RuleID = "erasure.answer"             // Deadline
	RuleRequestAnswer     RuleID = "request.answer"             // Deadline
	RuleRequestRefusal    RuleID = "request.refusal"            // Deadline
	RuleRequestExtension  RuleID = "request.extension"          // Deadline, on top; without one there is no extending
	RuleCorrection        RuleID = "request.correction"         // Deadline
	RuleBlocking          RuleID = "request.blocking"           // Deadline
	RuleUnblocking        RuleID = "request.unblocking"         // Deadline
	RuleObjection         RuleID = "request.objection"          // Deadline: of a decision by machine alone
	RuleExport            RuleID = "request.export"             // Deadline
	RuleComplaint         RuleID = "request.complaint"          // what a person can do who is not content with the answer
	RuleRefuseUnknown     RuleID = "refusal.notIdentified"      // List: kinds of requests that are refused on the ground, as all that follow
	RuleRefuseHold        RuleID = "refusal.legalHold"          //
	RuleRefuseObligation  RuleID = "refusal.openObligation"     //
	RuleRefuseCorrect     RuleID = "refusal.dataCorrect"        //
	RuleRefuseNoViolation RuleID = "refusal.noViolation"        //
	RuleRefuseViolation   RuleID = "refusal.violationConfirmed" //
	RuleRefuseByHand      RuleID = "refusal.notAutomated"       //
	RuleRefuseLaw         RuleID = "refusal.law"                //
	RuleUnpublish         RuleID = "publication.end"            // Deadline
	RuleDisclosureNotice  RuleID = "disclosure.notice"          // Deadline: telling the person
	RuleRecipientNotice   RuleID = "recipient.notice"           // Deadline: telling recipients of a withdrawal, correction, erasure
	RuleHomeCountry       RuleID = "transfer.home"              // List: countries that are not abroad
	RuleTransferCountries RuleID = "transfer.countries"         // List: countries abroad that need no consent of their own
	RuleDisputeGround     RuleID = "transfer.dispute"           // Severity: whether data may be passed on in a dispute
	RuleBreachAuthority   RuleID = "breach.authority"           // Deadline; List: codes of the fields that the report names
	RuleBreachPeople      RuleID = "breach.people"              // Deadline; List as above
	RuleSmallOperator     RuleID = "operator.small"             // Number: unique people up to which an operator is small
	RuleMediumOperator    RuleID = "operator.medium"            // Number
	RuleOperatorWarning   RuleID = "operator.warning"           // Number: per cent of a threshold at which to warn
	RuleStorageRegion     RuleID = "storage.region"             // List: countries where the database may be
	RuleGroupMember       RuleID = "group.member"               // List: CONSENT or NOTICE, what covers a member that joins later
	RuleEvidence          RuleID = "evidence.keep"              // Period; List: kinds of what is kept after an erasure
	RuleAudit             RuleID = "audit.keep"                 // Period
	RuleTechnicalData     RuleID = "technical.keep"             // Period, unless the policy says another
	RuleRetentionWarning  RuleID = "retention.warning"          // Number: days before data falls due
	RuleConfirmData       RuleID = "data.confirm"               // Period after which a person is asked whether their data still holds
	RuleAdultAge          RuleID = "person.adult"               // Number: years
	RuleOperatorNamed     RuleID = "policy.operator"            // Severity, as all that follow
	RuleOwnerNamed        RuleID = "policy.owner"               //
	RuleTermSaid          RuleID = "policy.term"                //
	RuleThirdPartiesSaid  RuleID = "policy.thirdParties"        //
	RuleCrossBorderSaid   RuleID = "policy.crossBorder"         //
	RulePublicSourcesSaid RuleID = "policy.publicSources"
	RuleFieldsListed      RuleID = "policy.fields"
	RuleWithdrawalSaid    RuleID = "policy.withdrawal"
	RuleContactsSaid      RuleID = "policy.contacts"
	RuleResponsibleNamed  RuleID = "policy.responsiblePerson"
	RuleGroupNamed        RuleID = "policy.group"
	RuleAuthoritativeText RuleID = "policy.authoritativeText"
	RuleOtherTexts        RuleID = "policy.otherTexts"
	RuleLawTitle          RuleID = "policy.lawTitle"
	RuleLawInText         RuleID = "policy.lawInText"
	RuleApproval          RuleID = "policy.approval"
	RuleDate              RuleID = "policy.date"
	RuleLinks             RuleID = "policy.links"
	RuleRetentionSaid     RuleID = "policy.retention"
	RuleBases             RuleID = "policy.bases" // List: the lawful bases that the law knows
	RuleStillAsked        RuleID = "policy.stillAsked"
)

// Rule is a rule of the pack; the zero Rule, which is not confirmed and asks
// for nothing, for one that a pack need not have.
func (p *RulePack) Rule(id RuleID) Rule {
	if i := slices.IndexFunc(p.Rules, func(r Rule) bool { return r.ID == id }); i >= 0 {
		return p.Rules[i]
	}
	return Rule{ID: id}
}

// Due is the last moment of a deadline that begins at a moment. It reports
// false where the pack sets none.
func (p *RulePack) Due(id RuleID, from time.Time) (time.Time, bool) {
	r := p.Rule(id)
	if r.Deadline == nil {
		return time.Time{}, false
	}
	return p.End(from, *r.Deadline), true
}

// Unconfirmed are those of the rules that nobody has read in the law: what leans on
// them says so.
func (p *RulePack) Unconfirmed(ids ...RuleID) []Rule {
	var out []Rule
	for _, id := range ids {
		if r := p.Rule(id); !r.Confirmed() {
			out = append(out, r)
		}
	}
	return out
}

// Name tells one pack from another, on record: KZ/2026-11-23.
func (p *RulePack) Name() string { return p.Code + "/" + p.Version }

// RulePacks are the packs by the code of their jurisdiction.
type RulePacks map[string]*RulePack

// HomeJurisdiction is whose rules hold for an app that names none.
const HomeJurisdiction = "KZ"

// Of is the pack of a jurisdiction; empty is HomeJurisdiction.
func (p RulePacks) Of(jurisdiction string) (*RulePack, error) {
	if jurisdiction == "" {
		jurisdiction = HomeJurisdiction
	}
	pack, ok := p[jurisdiction]
	if !ok {
		return nil, fmt.Errorf("no rule pack for the jurisdiction %q is loaded", jurisdiction)
	}
	return pack, nil
}

// RuleIDs are the rules that the code asks for.
func RuleIDs() []RuleID {
	return []RuleID{
		RuleWithdrawalStop, RuleErasure, RuleRequestAnswer, RuleRequestRefusal,
		RuleRequestExtension, RuleCorrection, RuleBlocking, RuleUnblocking,
		RuleComplaint, RuleRefuseUnknown, RuleRefuseHold, RuleRefuseObligation, RuleRefuseCorrect,
		RuleRefuseNoViolation, RuleRefuseViolation, RuleRefuseByHand, RuleRefuseLaw,
		RuleObjection, RuleExport, RuleUnpublish, RuleDisclosureNotice,
		RuleRecipientNotice, RuleHomeCountry, RuleTransferCountries, RuleDisputeGround,
		RuleBreachAuthority, RuleBreachPeople, RuleSmallOperator, RuleMediumOperator,
		RuleOperatorWarning, RuleStorageRegion, RuleGroupMember, RuleEvidence,
		RuleAudit, RuleTechnicalData, RuleRetentionWarning, RuleConfirmData,
		RuleAdultAge, RuleOperatorNamed, RuleOwnerNamed, RuleTermSaid,
		RuleThirdPartiesSaid, RuleCrossBorderSaid, RulePublicSourcesSaid, RuleFieldsListed,
		RuleWithdrawalSaid, RuleContactsSaid, RuleResponsibleNamed, RuleGroupNamed,
		RuleAuthoritativeText, RuleOtherTexts, RuleLawTitle, RuleApproval,
		RuleRetentionSaid, RuleBases, RuleDate, RuleLinks, RuleLawInText, RuleStillAsked,
	}
}
