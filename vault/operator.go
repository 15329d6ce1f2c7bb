package vault

import "context"

// OperatorSize is how large an operator is by the number of people whose data
// it has.
type OperatorSize string

// The sizes.
const (
	SmallOperator  OperatorSize = "SMALL"
	MediumOperator OperatorSize = "MEDIUM"
	LargeOperator  OperatorSize = "LARGE"
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

// Operator counts everybody who is not erased, and says how large that makes
// the operator.
func (s *Service) Operator(ctx context.Context) (OperatorFigures, error) {
	pack, err := s.Rules.Of("")
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
		Small: pack.Rule(RuleSmallOperator), Medium: pack.Rule(RuleMediumOperator), Warning: pack.Rule(RuleOperatorWarning).Number,
	}
	switch {
	case f.People <= f.Small.Number:
		f.Size = SmallOperator
	case f.People < f.Medium.Number:
		f.Size = MediumOperator
	}
	return f, err
}
