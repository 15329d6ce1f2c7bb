package vault

import (
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// RequestState is where a request stands.
type RequestState string

// The states. The last three are ends.
const (
	RequestReceived   RequestState = "RECEIVED"
	RequestUnverified RequestState = "IDENTITY_UNVERIFIED"
	RequestInProgress RequestState = "IN_PROGRESS"
	RequestFulfilled  RequestState = "FULFILLED"
	RequestRefused    RequestState = "REFUSED"
	RequestCancelled  RequestState = "CANCELLED"
)

// requestStep is what is done with a request.
type requestStep string

const (
	stepAssign requestStep = "assign"
	stepVerify requestStep = "verify"
	stepFulfil requestStep = "fulfil"
	stepRefuse requestStep = "refuse"
	stepExtend requestStep = "extend"
	stepCancel requestStep = "cancel"
)

// after is the state that a step leads to, or why it is not to be taken. An end
// is an end; nobody gets an answer before it is known who they are, unless that
// is why they are refused.
func (r SubjectRequest) after(step requestStep) (RequestState, error) {
	unverified := r.State == RequestUnverified
	switch {
	case !r.Open():
		return r.State, NewError(CodeRequestClosed, "the request is answered or cancelled; a new one can be made").
			With("state", string(r.State))
	case step == stepAssign && !unverified:
		return RequestInProgress, nil
	case step == stepVerify && !unverified:
		return r.State, NewError(CodeRequestVerified, "it is known already who the requester is")
	case step == stepVerify && r.Assignee != uuid.Nil:
		return RequestInProgress, nil
	case step == stepVerify:
		return RequestReceived, nil
	case step == stepFulfil && unverified:
		return r.State, NewError(CodeRequestUnverified, "it is not proved yet who asks: call verifyRequester first")
	case step == stepFulfil:
		return RequestFulfilled, nil
	case step == stepRefuse:
		return RequestRefused, nil
	case step == stepCancel:
		return RequestCancelled, nil
	case step == stepExtend && !r.ExtendedAt.IsZero():
		return r.State, NewError(CodeRequestNotExtendable, "the term was extended once already").With("pack", r.Pack)
	}
	return r.State, nil
}

// taken is the request after a step at a moment.
func (r SubjectRequest) taken(step requestStep, at time.Time) (SubjectRequest, error) {
	state, err := r.after(step)
	if err != nil {
		return r, err
	}
	r.State = state
	r.Revision++
	if state == RequestFulfilled || state == RequestRefused || state == RequestCancelled {
		r.ClosedAt = at
	}
	return r, nil
}

// refused is the request refused on a ground, if the pack knows the ground for
// its kind.
func (r SubjectRequest) refused(pack *RulePack, ground RefusalGround, at time.Time) (SubjectRequest, error) {
	rule := pack.Rule(ground.rule())
	out, err := r.taken(stepRefuse, at)
	switch {
	case err != nil:
		return r, err
	case rule.Mark == "" || !slices.Contains(rule.List, string(r.Kind)):
		return r, NewError(CodeRequestGround, "the rule pack knows no such ground to refuse such a request").
			With("pack", pack.Name()).With("grounds", strings.Join(pack.grounds(r.Kind), " ")).At("ground")
	case ground == NotIdentified && r.State != RequestUnverified:
		return r, NewError(CodeRequestGround, "it is known who asks").With("pack", pack.Name()).
			With("grounds", strings.Join(pack.grounds(r.Kind), " ")).At("ground")
	}
	out.Ground = ground
	return out, nil
}

// grounds are what a request of a kind may be refused on.
func (p *RulePack) grounds(kind RequestKind) []string {
	var out []string
	for _, g := range []RefusalGround{
		NotIdentified, UnderLegalHold, ObligationOpen, DataIsCorrect, NoViolation, ViolationConfirmed, NotAutomated, BarredByLaw,
	} {
		if slices.Contains(p.Rule(g.rule()).List, string(kind)) {
			out = append(out, string(g))
		}
	}
	return out
}

// extended is the request with the time on top that the pack allows, for a
// reason. What is late stays late: the longer term is taken within the first. A
// refusal gets no more time.
func (r SubjectRequest) extended(pack *RulePack, reason ExtensionReason, at time.Time) (SubjectRequest, error) {
	out, err := r.taken(stepExtend, at)
	if err != nil {
		return r, err
	}
	due, ok := pack.Due(RuleRequestExtension, r.DueAt)
	switch {
	case !ok:
		return r, NewError(CodeRequestNotExtendable, "the rule pack knows no longer term: answer by the due date").
			With("pack", pack.Name())
	case at.After(r.DueAt):
		return r, NewError(CodeRequestNotExtendable, "the term is over: a longer one is taken within it").
			With("pack", pack.Name())
	}
	out.DueAt, out.ExtendedAt, out.Extension, out.Pack = due, at, reason, pack.Name()
	return out, nil
}

// DaysLeft are the worked days after a moment's, up to and with the due one; less
// than zero by as many as have gone by since.
func (r SubjectRequest) DaysLeft(calendar Calendar, now time.Time) int {
	if now.After(r.DueAt) {
		return -calendar.between(r.DueAt, now)
	}
	return calendar.between(now, r.DueAt)
}
