package vault

import (
	"context"
	"slices"
)

// OperatorSize is how large an operator is by the number of people whose data
// it has.
type OperatorSize string

// The sizes.
const (
	SmallOperator  OperatorSize = "SMALL"
	MediumOperator OperatorSize = "MEDIUM"
	LargeOperator  OperatorSize = "LARGE"
	NoSize         OperatorSize = "NONE" // the rules tell none apart
)

// OperatorFigures is how many people there are, against the thresholds.
type OperatorFigures struct {
	People  int64
	Size    OperatorSize
	Small   Rule  // up to its Number
	Medium  Rule  // below its Number
	Warning int64 // per cent of a threshold
}

// Near is the threshold that is near, or reached; 0: none is. What is passed
// long ago is not near.
func (f OperatorFigures) Near() int64 {
	for _, threshold := range []int64{f.Small.Number, f.Medium.Number} {
		if threshold > 0 && f.People <= threshold && f.People*100 >= threshold*f.Warning {
			return threshold
		}
	}
	return 0
}

// Thresholds are the rules that tell the sizes apart; empty: there are none.
func (f OperatorFigures) Thresholds() []Rule {
	return slices.DeleteFunc([]Rule{f.Small, f.Medium}, func(r Rule) bool { return r.Number == 0 })
}

// Operator counts everybody who is not erased, and says how large that makes
// the operator by the rules of its apps: where they differ, the lowest threshold
// counts. Without a threshold in any of them it is of no size.
func (s *Service) Operator(ctx context.Context) (OperatorFigures, error) {
	apps, err := s.Reader.Apps(ctx)
	if err != nil {
		return OperatorFigures{}, err
	}
	rules, err := s.rulebookOf(apps)
	if err != nil {
		return OperatorFigures{}, err
	}
	all, err := s.Reader.CountUsers(ctx, UserFilter{})
	if err != nil {
		return OperatorFigures{}, err
	}
	erased, err := s.Reader.CountUsers(ctx, UserFilter{Status: StatusErased})
	f := OperatorFigures{
		People: all - erased, Size: LargeOperator,
		Small: rules.lowest(RuleSmallOperator), Medium: rules.lowest(RuleMediumOperator), Warning: rules.lowest(RuleOperatorWarning).Number,
	}
	switch {
	case f.Small.Number == 0 && f.Medium.Number == 0:
		f.Size = NoSize
	case f.People <= f.Small.Number:
		f.Size = SmallOperator
	case f.People < f.Medium.Number:
		f.Size = MediumOperator
	}
	return f, err
}

// lowest is the rule of the pack that sets the lowest number.
func (b rulebook) lowest(id RuleID) Rule {
	out := Rule{ID: id}
	for _, pack := range b {
		if r := pack.Rule(id); r.Number > 0 && (out.Number == 0 || r.Number < out.Number) {
			out = r
		}
	}
	return out
}
