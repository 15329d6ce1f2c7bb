package vault

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"
)

// Somebody may have decided in several apps, each under the rules of its own
// jurisdiction. What any of these rules has us keep is kept, and each line of
// what is kept names the pack that wants it.

// rulebook are the packs whose rules hold for somebody, in the order in which
// they came to hold. There is at least one.
type rulebook []*RulePack

// with adds a pack that is not among them yet.
func (b rulebook) with(pack *RulePack) rulebook {
	if slices.ContainsFunc(b, func(p *RulePack) bool { return p.Code == pack.Code }) {
		return b
	}
	return append(b, pack)
}

// rulebookOf are the packs of apps: of the home jurisdiction where there is none.
func (s *Service) rulebookOf(apps []App) (rulebook, error) {
	if len(apps) == 0 {
		apps = []App{{}}
	}
	var out rulebook
	for _, app := range apps {
		pack, err := s.pack(app)
		if err != nil {
			return nil, err
		}
		out = out.with(pack)
	}
	return out, nil
}

// rulesFor are the packs of the apps in which a person has decided anything, or
// of every app while that is none: nobody knows then through which they came.
func (s *Service) rulesFor(ctx context.Context, user uuid.UUID) (rulebook, error) {
	apps, err := s.Reader.Apps(ctx)
	if err != nil {
		return nil, err
	}
	decided, err := s.Reader.Decided(ctx, user)
	if err != nil {
		return nil, err
	}
	var theirs []App
	for _, e := range decided {
		if i := slices.IndexFunc(apps, func(a App) bool { return a.Code == e.App }); i >= 0 {
			theirs = append(theirs, apps[i])
		}
	}
	if len(theirs) == 0 {
		theirs = apps
	}
	return s.rulebookOf(theirs)
}

// evidenceContexts is how a pack names the network contexts beside consents;
// what else it names are classes of fields, and fields.
const evidenceContexts = "CONSENT_CONTEXT"

// evidence is what the rules of a pack have us keep of somebody who is erased.
func (p *RulePack) evidence(catalogue []Field) Evidence {
	var out Evidence
	for _, code := range p.Rule(RuleEvidence).List {
		if code == evidenceContexts {
			out.Contexts = true
		}
		for _, f := range catalogue {
			if f.Code == code || string(f.Class) == code {
				out.Fields = append(out.Fields, f.Code)
			}
		}
	}
	return out
}

// evidence is what any of the packs has us keep.
func (b rulebook) evidence(catalogue []Field) Evidence {
	var out Evidence
	for _, pack := range b {
		one := pack.evidence(catalogue)
		out.Contexts = out.Contexts || one.Contexts
		out.Fields = append(out.Fields, one.Fields...)
	}
	slices.Sort(out.Fields)
	out.Fields = slices.Compact(out.Fields)
	return out
}

// keep reports whether any pack has us keep a field of somebody who is erased.
func (p RulePacks) keep(catalogue []Field, code string) bool {
	for _, pack := range p {
		if slices.Contains(pack.evidence(catalogue).Fields, code) {
			return true
		}
	}
	return false
}

// kept is what stays of somebody who is erased at a moment, pack by pack. It is
// the same whether there is any of it or not: whoever reads that disclosures
// stay must not learn from it that there was one, where the law bars telling.
func (b rulebook) kept(at time.Time, catalogue []Field) []Kept {
	var out []Kept
	for _, pack := range b {
		consents, record := pack.cite(RuleEvidence), pack.cite(RuleAudit)
		out = append(out, Kept{Kind: KeptConsents, Source: consents})
		for _, kind := range []KeptKind{KeptAudit, KeptDisclosures, KeptRequests, KeptHolds, KeptBreaches, KeptCertificate} {
			out = append(out, Kept{Kind: kind, Source: record})
		}
		until, _ := AddDuration(at, pack.Rule(RuleEvidence).Period)
		evidence := pack.evidence(catalogue)
		if len(evidence.Fields) > 0 {
			out = append(out, Kept{KeptFields, consents, until})
		}
		if evidence.Contexts {
			out = append(out, Kept{KeptContexts, consents, until})
		}
	}
	return out
}

// over are the kinds of what was kept as evidence whose last term is over at a
// moment. What has no end is not among them.
func (e Erasure) over(at time.Time) []KeptKind {
	var out []KeptKind
	for _, kind := range []KeptKind{KeptFields, KeptContexts} {
		ended, runs := false, false
		for _, k := range e.Kept {
			if k.Kind == kind {
				ended = true
				runs = runs || k.Until.IsZero() || k.Until.After(at)
			}
		}
		if ended && !runs {
			out = append(out, kind)
		}
	}
	return out
}

// keptOf is what stays of a person who is erased at a moment.
func (s *Service) keptOf(ctx context.Context, user uuid.UUID, at time.Time) ([]Kept, error) {
	rules, err := s.rulesFor(ctx, user)
	if err != nil {
		return nil, err
	}
	return rules.kept(at, s.Catalogue), nil
}

// warning is how many days before data falls due it is announced: the longest
// of the packs.
func (b rulebook) warning() int {
	days := int64(0)
	for _, pack := range b {
		days = max(days, pack.Rule(RuleRetentionWarning).Number)
	}
	return int(days)
}

// zone is in which zone of time the person reads documents: of the first pack.
func (b rulebook) zone() *time.Location { return b[0].Zone }

// cite names a rule on record: the pack, the rule, its article, and whether
// somebody has read it in the law.
func (p *RulePack) cite(id RuleID) string {
	r := p.Rule(id)
	said := p.Name() + " " + string(id)
	if r.Article != "" {
		said += ", " + r.Article
	}
	if !r.Confirmed() {
		said += ", " + string(r.Mark)
	}
	return said
}

// CertificateText is a certificate in words, in the zone of time of the rules
// that held for the person. Both ids are written as clients know them.
func (s *Service) CertificateText(ctx context.Context, e Erasure, certificate, person string) (Words, error) {
	rules, err := s.rulesFor(ctx, e.User)
	if err != nil {
		return nil, err
	}
	return e.Certificate(certificate, person, rules.zone()), nil
}
