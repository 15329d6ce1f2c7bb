package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
)

// send has the running server carry a job out, and shows what it does.
func (p *process) send(s settings, j job, name string) (err error) {
	addr := &net.UnixAddr{Name: s.socket(), Net: "unix"}
	conn, err := net.DialUnix("unix", nil, addr)
	if err != nil {
		return fmt.Errorf("another process works with the keyring in %s, and takes no jobs: "+
			"a job, or a server that starts or stops; try again when it has ended, or serves (%w)", s.in(), err)
	}
	defer func() { _ = conn.Close() }()
	fields, err := json.Marshal(j)
	if err != nil {
		return err
	}
	err = json.NewEncoder(conn).Encode(errand{Version: version, Name: name, Terminal: isTerminal(p.err), Job: fields})
	if err != nil {
		return fmt.Errorf("the server on %s did not take the job: %w", s.in(), err)
	}
	stop := context.AfterFunc(p.ctx, func() { _ = conn.CloseWrite() }) // it may have ended
	defer stop()
	replies := json.NewDecoder(conn)
	for {
		var r reply
		if err := replies.Decode(&r); err != nil {
			return fmt.Errorf("the server on %s went away before it had ended the job; what was done stays so, and it may be run again: %w", s.in(), unexpected(err))
		}
		switch {
		case r.Ended && r.Failed != "":
			return errors.New(r.Failed)
		case r.Ended:
			return nil
		}
		if err := p.show(r); err != nil {
			return err
		}
	}
}

// show writes what a job in the server wrote.
func (p *process) show(r reply) error {
	for _, part := range []struct {
		to   io.Writer
		data []byte
	}{{p.out, r.Out}, {p.err, r.Err}, {p.product, r.Product}} {
		if len(part.data) == 0 {
			continue
		}
		if part.to == nil {
			return errors.New("the server sends a file where none is due")
		}
		if _, err := part.to.Write(part.data); err != nil {
			return err
		}
	}
	return nil
}

func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
