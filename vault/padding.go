package vault

import (
	"bytes"
	"unicode/utf8"
)

// The form of a value before it is encrypted, fixed for version 1:
//
//	0x01 ‖ value in UTF-8 ‖ 0x80 ‖ 0x00 … up to a multiple of 32 bytes
//
// The length of a name is information, so ciphertexts show it in steps of 32
// only. The 0x80 makes the end unambiguous whatever the value ends with: it is
// always there, and only zeros may follow it.
const (
	paddingVersion = 0x01
	paddingMark    = 0x80
	paddingBlock   = 32
)

// Pad gives the bytes to encrypt for a value. It answers ErrTooLarge for a
// value over MaxPlaintext, and an error of CodeInvalidValue for one that is not
// UTF-8: it could be encrypted, but never be answered as a string again.
func Pad(value Plain) ([]byte, error) {
	if value.Len() > MaxPlaintext {
		return nil, ErrTooLarge
	}
	if !utf8.ValidString(value.Reveal()) {
		return nil, NewError(CodeInvalidValue, "the value is not valid UTF-8; send text")
	}
	length := 1 + value.Len() + 1
	length += (paddingBlock - length%paddingBlock) % paddingBlock
	padded := make([]byte, length)
	padded[0] = paddingVersion
	end := 1 + copy(padded[1:], value.Reveal())
	padded[end] = paddingMark
	return padded, nil
}

// Unpad gives the value back. Whatever Pad could not have made answers
// ErrUndecryptable: exactly one padded form exists for every value.
func Unpad(padded []byte) (Plain, error) {
	if len(padded) == 0 || len(padded)%paddingBlock != 0 || padded[0] != paddingVersion {
		return Plain{}, ErrUndecryptable
	}
	marked := bytes.TrimRight(padded[1:], "\x00")
	value, found := bytes.CutSuffix(marked, []byte{paddingMark})
	shortest := 1+len(value)+1 > len(padded)-paddingBlock
	if !found || !shortest || len(value) > MaxPlaintext || !utf8.Valid(value) {
		return Plain{}, ErrUndecryptable
	}
	return NewPlain(string(value)), nil
}
