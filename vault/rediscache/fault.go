package rediscache

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"

	"github.com/redis/go-redis/v9"
)

// brief is the cause of a failure without the addresses that the errors of the
// network and of a cluster hold: what is not known to be harmless is left out.
func brief(err error) error {
	var (
		answer redis.Error
		name   *net.DNSError
		call   *os.SyscallError
		slow   net.Error
	)
	switch {
	case errors.Is(err, context.Canceled):
		return context.Canceled
	case errors.Is(err, context.DeadlineExceeded):
		return context.DeadlineExceeded
	case errors.Is(err, redis.ErrPoolTimeout):
		return redis.ErrPoolTimeout
	case errors.As(err, &answer): // "MOVED 3999 192.0.2.1:6379"
		code, _, _ := strings.Cut(answer.Error(), " ")
		return fmt.Errorf("redis answered %s", code)
	case errors.As(err, &name):
		return errors.New("the server's name could not be looked up")
	case errors.As(err, &call):
		return fmt.Errorf("%s: %w", call.Syscall, call.Err)
	case errors.As(err, &slow) && slow.Timeout():
		return errors.New("no answer in time")
	}
	return fmt.Errorf("%T", err)
}
