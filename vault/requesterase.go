package vault

import (
	"context"
)

// eraseFor carries out a request for erasure.
func (s *Service) eraseFor(_ context.Context, _ *work, _ *answerFacts) error {
	return NewError(CodeUnavailable, "nobody can be erased yet")
}
