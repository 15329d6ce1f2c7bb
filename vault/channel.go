package vault

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Channel is a way to reach a person.
type Channel string

// The channels.
const (
	SMS  Channel = "SMS"
	Push Channel = "PUSH"
	Mail Channel = "EMAIL"
	Call Channel = "PHONE"
	Post Channel = "POST"
)

var channels = []Channel{SMS, Push, Mail, Call, Post}

// ChannelChoice is by which channels a person will not be reached under an item:
// the last one holds, those before it are the history. Refusals outlive the
// consent, so that whoever consents again is not reached by what they refused.
type ChannelChoice struct {
	User    uuid.UUID
	App     string
	Item    string
	Seq     int64 // 1, 2, 3 … per person, app and item
	Refused []Channel
	At      time.Time
}

// ChannelReader reads what people chose.
type ChannelReader interface {
	// ChannelChoices answers all choices of these people in an app, by Seq.
	ChannelChoices(ctx context.Context, app string, users []uuid.UUID) ([]ChannelChoice, error)
}

// ChannelTx queues choices.
type ChannelTx interface {
	// ChooseChannels adds a choice. ErrStale: there is one of its Seq.
	ChooseChannels(c ChannelChoice)
}

// ChannelPreference is whether a person may be reached by a channel.
type ChannelPreference struct {
	Item    string
	Channel Channel
	Allowed bool // by the person; whether the purpose is, `consentCheck` says
}

// ChannelPreferences are a person's, for each channel that an item of the
// version in force declares, in its order.
func (s *Service) ChannelPreferences(ctx context.Context, p *Person) ([]ChannelPreference, error) {
	out := []ChannelPreference{}
	v := p.Current()
	if v == nil {
		return out, nil
	}
	choices, err := s.Reader.ChannelChoices(ctx, p.App.Code, []uuid.UUID{p.User.ID})
	if err != nil {
		return nil, err
	}
	for _, item := range v.Facts.Items {
		last := lastChoice(choices, p.User.ID, item.Code, p.now)
		for _, c := range item.Channels {
			out = append(out, ChannelPreference{item.Code, c, !slices.Contains(last.Refused, c)})
		}
	}
	return out, nil
}

// lastChoice is the choice that held at a moment; its Seq is 0 when there was none.
func lastChoice(choices []ChannelChoice, user uuid.UUID, item string, at time.Time) (last ChannelChoice) {
	for _, c := range choices {
		if c.User == user && c.Item == item && !c.At.After(at) {
			last = c
		}
	}
	return last
}

// ChannelDecision allows or refuses a channel.
type ChannelDecision struct {
	Channel Channel
	Allowed bool
}

// ChannelChange is what a person decides about the channels of an item.
type ChannelChange struct {
	Item           string
	Channels       []ChannelDecision
	IdempotencyKey string
}

// SetChannelPreferences records by which channels the actor will be reached
// under an item that they have agreed to. What is not named stays as it is.
func (s *Service) SetChannelPreferences(ctx context.Context, a Actor, in ChannelChange) (*Person, error) {
	input := []string{in.Item}
	for _, d := range in.Channels {
		input = append(input, string(d.Channel), map[bool]string{true: "yes", false: "no"}[d.Allowed])
	}
	_, err := s.once(ctx, a, "setChannelPreferences", in.IdempotencyKey, input, func(remember rememberer) (uuid.UUID, error) {
		return retry(ctx, func() (uuid.UUID, error) { return s.setChannels(ctx, a, in, remember) })
	})
	if err != nil {
		return nil, err
	}
	return s.Me(ctx, a)
}

func (s *Service) setChannels(ctx context.Context, a Actor, in ChannelChange, remember rememberer) (uuid.UUID, error) {
	me, err := s.registered(ctx, a)
	if err != nil {
		return uuid.Nil, err
	}
	if err := me.checkChannels(in); err != nil {
		return uuid.Nil, err
	}
	choices, err := s.Reader.ChannelChoices(ctx, me.App.Code, []uuid.UUID{me.User.ID})
	if err != nil {
		return uuid.Nil, err
	}
	last := ChannelChoice{}
	for _, c := range choices {
		if c.Item == in.Item {
			last = c
		}
	}
	next := last.with(in.Channels)
	next.User, next.App, next.Item, next.Seq, next.At = me.User.ID, me.App.Code, in.Item, last.Seq+1, s.now()
	event := s.event(a.as(me.User.ID), Subject, ChannelsChosen)
	event.Subject, event.Purpose, event.Object = me.User.ID, in.Item, "Channels:refused="+next.names()
	err = s.Writer.Write(ctx, func(tx Tx) error {
		tx.Count(me.User.ID, CountDecisions, next.At.Format(time.DateOnly), decisionsPerDay)
		tx.ChooseChannels(next)
		tx.Record(event)
		remember(tx, me.User.ID)
		return nil
	})
	return me.User.ID, limited(err)
}

// with is the choice after decisions; the refused stand in the order of the
// channels.
func (c ChannelChoice) with(decisions []ChannelDecision) ChannelChoice {
	was := c.Refused
	c.Refused = []Channel{}
	for _, channel := range channels {
		refused := slices.Contains(was, channel)
		for _, d := range decisions {
			if d.Channel == channel {
				refused = !d.Allowed
			}
		}
		if refused {
			c.Refused = append(c.Refused, channel)
		}
	}
	return c
}

func (c ChannelChoice) names() string {
	out := make([]string, len(c.Refused))
	for i, channel := range c.Refused {
		out[i] = string(channel)
	}
	return strings.Join(out, ",")
}

func (p *Person) checkChannels(in ChannelChange) error {
	if len(in.Channels) == 0 {
		return NewError(CodeRequired, "say of at least one channel whether it is allowed").At("channels")
	}
	check := p.Check(in.Item, "", p.now)
	switch check.Reason {
	case ReasonGiven:
	case UnknownPurpose:
		return NewError(CodeUnknownItem, "the policy in force has no such item").At("item")
	case UserIsBlocked, UserIsErased:
		return NewError(CodeUserBlocked, "processing of this person's data is stopped; nobody reaches them anyway")
	default:
		return NewError(CodeNotGiven, "channels are chosen under a consent that holds: ask for it first").
			With("item", in.Item).With("reason", string(check.Reason)).At("item")
	}
	var errs Errors
	for i, d := range in.Channels {
		bad := func(e *Error) { errs = append(errs, e.At("channels", itoa(int64(i)), "channel")) }
		twice := slices.ContainsFunc(in.Channels[:i], func(o ChannelDecision) bool { return o.Channel == d.Channel })
		switch {
		case twice:
			bad(NewError(CodeDuplicateInput, "the channel is named twice"))
		case !slices.Contains(check.scope.Channels, d.Channel):
			bad(NewError(CodeInvalidValue, "the item that was agreed to declares no such channel"))
		}
	}
	return errs.orNil()
}

// throughChannel narrows answers to a channel: one that the item does not declare
// is not covered, one that the person refused is refused.
func (s *Service) throughChannel(ctx context.Context, q ConsentQuestion, checks []Check) error {
	choices, err := s.Reader.ChannelChoices(ctx, q.App, q.Users)
	if err != nil {
		return err
	}
	for i := range checks {
		c := &checks[i]
		if !c.Allowed {
			continue
		}
		reason := c.Reason
		switch last := lastChoice(choices, c.User, q.Purpose, c.AsOf); {
		case !slices.Contains(c.scope.Channels, q.Channel):
			reason = ChannelNotCovered
		case slices.Contains(last.Refused, q.Channel):
			reason = ChannelRefused
		}
		if reason != c.Reason {
			*c = Check{User: c.User, Reason: reason, IsCurrent: c.IsCurrent, AsOf: c.AsOf}
		}
	}
	return nil
}
