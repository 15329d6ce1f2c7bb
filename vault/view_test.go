package vault

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

type brokenReader struct{ Reader }

func (brokenReader) Fields(context.Context, []uuid.UUID) ([]StoredField, error) {
	return nil, ErrUnavailable
}

// What each caller is answered about a field, on each ground, by how the
// person stands: the table of the issue.
//
//	columns: active and stored | active and empty | stored, no longer collected | blocked | erased
var states = []struct {
	who    string
	actor  Actor
	field  string
	basis  Basis
	reveal []string
	want   string
}{
	{"the person", aPerson, "email", Basis{}, nil, "PLAIN | EMPTY | PLAIN | PLAIN | ERASED"},
	{"a service, no purpose", aService, "email", Basis{}, nil, "FORBIDDEN | FORBIDDEN | FORBIDDEN | BLOCKED | ERASED"},
	{"a service, agreed to", aService, "email", Basis{Purpose: "identify"}, nil, "PLAIN | EMPTY | NOT_COLLECTED | BLOCKED | ERASED"},
	{"a service, refused", aService, "email", Basis{Purpose: "marketing"}, nil, "NO_CONSENT | NO_CONSENT | NO_CONSENT | BLOCKED | ERASED"},
	{"a service, by law", aService, "iin", Basis{Purpose: "tax"}, nil, "PLAIN | EMPTY | NO_CONSENT | BLOCKED | ERASED"},
	{"a service, beyond the scope", aService, "email", Basis{Purpose: "tax"}, nil, "NO_CONSENT | NO_CONSENT | NO_CONSENT | BLOCKED | ERASED"},
	{"a service, technical", aService, "device", Basis{Purpose: "identify"}, nil, "FORBIDDEN | FORBIDDEN | FORBIDDEN | FORBIDDEN | ERASED"},
	{"support", aSupporter, "email", Basis{}, nil, "MASKED | EMPTY | NOT_COLLECTED | BLOCKED | ERASED"},
	{"support, a ticket", aSupporter, "email", aTicket, nil, "MASKED | EMPTY | NOT_COLLECTED | BLOCKED | ERASED"},
	{"support, named", aSupporter, "email", aTicket, []string{"email"}, "PLAIN | EMPTY | NOT_COLLECTED | BLOCKED | ERASED"},
	{"support, another named", aSupporter, "email", aTicket, []string{"phone"}, "MASKED | EMPTY | NOT_COLLECTED | BLOCKED | ERASED"},
	{"support, the IIN named", aSupporter, "iin", aTicket, []string{"iin"}, "MASKED | EMPTY | NOT_COLLECTED | BLOCKED | ERASED"},
	{"support, technical", aSupporter, "device", aTicket, []string{"device"}, "FORBIDDEN | FORBIDDEN | FORBIDDEN | FORBIDDEN | ERASED"},
	{"compliance", anOfficer, "email", Basis{}, nil, "MASKED | EMPTY | NOT_COLLECTED | MASKED | ERASED"},
	{"compliance, a ticket", anOfficer, "iin", aTicket, nil, "PLAIN | EMPTY | NOT_COLLECTED | PLAIN | ERASED"},
	{"compliance, a legal order", anOfficer, "device", aLegalOrder, nil, "PLAIN | EMPTY | NOT_COLLECTED | PLAIN | ERASED"},
	{"security", aGuard, "email", Basis{}, nil, "FORBIDDEN | FORBIDDEN | FORBIDDEN | FORBIDDEN | ERASED"},
	{"an auditor", anAuditor, "email", Basis{}, nil, "FORBIDDEN | FORBIDDEN | FORBIDDEN | FORBIDDEN | ERASED"},
	{"the person, of nothing", aPerson, "shoeSize", Basis{}, nil, "NOT_COLLECTED | NOT_COLLECTED | NOT_COLLECTED | NOT_COLLECTED | NOT_COLLECTED"},
	{"an auditor, of nothing", anAuditor, "shoeSize", Basis{}, nil, "NOT_COLLECTED | NOT_COLLECTED | NOT_COLLECTED | NOT_COLLECTED | NOT_COLLECTED"},
}

func TestEachCallerIsAnsweredAsThePersonStands(t *testing.T) {
	columns := []string{"active and stored", "active and empty", "no longer collected", "blocked", "erased"}
	for _, row := range states {
		for i, want := range strings.Split(row.want, " | ") {
			t.Run(row.who+", "+columns[i], func(t *testing.T) {
				p, stored := standing(columns[i], row.field)
				r := reveal{Service: testService(at(p.now)), actor: row.actor}
				r.actor.Purposes = []string{"identify", "marketing", "tax"}
				view, err := r.view(RevealRequest{Person: p, Basis: row.basis, Reveal: row.reveal})
				if err != nil {
					t.Fatal(err)
				}
				got := view.field(row.field, stored)
				if got.State != FieldState(want) {
					t.Errorf("%s, want %s", got.State, want)
				}
				shown := got.State == StatePlain || got.State == StateMasked
				if told := !got.UpdatedAt.IsZero() || got.Verified || got.Visibility == Public; told != shown {
					t.Errorf("%s, and it tells that something is there: %t", got.State, told)
				}
			})
		}
	}
}

// standing is somebody who stands as the column says, with what is stored.
func standing(column, code string) (*Person, []StoredField) {
	device := Field{Code: "device", Class: Technical, Kind: KindText, Mask: MaskHidden, Label: inAll("device")}
	one := testVersion(1, morning, morning, ask("identify", true, "email", "iin", "device"), ask("marketing", false, "email"), tell("tax", "iin"))
	one.Facts.Fields = []Field{device}
	p := testPerson(morning, one)
	p.gives("identify", one)
	p.happens(Refused, "marketing", one)
	stored := []StoredField{{User: p.User.ID, Code: code, Visibility: Public, Verified: true, UpdatedAt: morning}}
	switch column {
	case "active and empty":
		stored = nil
	case "no longer collected":
		p.now = morning.Add(time.Hour)
		p.add(testVersion(2, p.now, p.now, ask("identify", true), ask("marketing", false), tell("tax")))
	case "blocked":
		p.User.Status = StatusBlocked
	case "erased":
		p.User.Status, stored = StatusErased, nil
	}
	return p, stored
}

func TestADeploymentCanTakeARevealAway(t *testing.T) {
	p, stored := standing("active and stored", "email")
	r := reveal{Service: testService(at(morning)), actor: aSupporter}
	r.Access.SupportNeverReveals = []string{"email"}
	view, err := r.view(RevealRequest{Person: p, Basis: aTicket, Reveal: []string{"email"}})
	if got := view.field("email", stored); err != nil || got.State != StateMasked {
		t.Errorf("%s, %v", got.State, err)
	}
}

func TestSeveralRolesAddUp(t *testing.T) {
	p, stored := standing("active and stored", "email")
	both := Actor{Roles: []Role{Auditor, Support}}
	r := reveal{Service: testService(at(morning)), actor: both}
	view, err := r.view(RevealRequest{Person: p})
	if got := view.field("email", stored); err != nil || got.State != StateMasked || view.role != Support {
		t.Errorf("%s as %s, %v", got.State, view.role, err)
	}
	for _, a := range []Actor{{Roles: []Role{Machine, Compliance}}, {Roles: []Role{Support, Machine}}} {
		if err := a.mayName("another app"); err != nil {
			t.Errorf("%v: a second role takes away: %v", a.Roles, err)
		}
	}
	if err := aService.mayName("another app"); CodeOf(err) != CodeForbidden {
		t.Errorf("a service alone: %v", err)
	}
	if err := aPerson.mayName("another app"); CodeOf(err) != CodeForbidden {
		t.Errorf("a person: %v", err)
	}
}

func TestAnOldFieldIsStillThePersonsOwn(t *testing.T) {
	p, stored := standing("no longer collected", "device")
	r := reveal{Service: testService(at(p.now)), actor: aPerson}
	view, err := r.view(RevealRequest{Person: p})
	got := view.field("device", stored)
	if err != nil || got.State != StatePlain || got.Field.Mask != MaskHidden {
		t.Errorf("%+v, %v", got, err)
	}
	if !slices.Equal(r.CollectedFields(p), nil) {
		t.Errorf("%v", r.CollectedFields(p))
	}
}
