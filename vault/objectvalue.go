package vault

import (
	"context"
	"maps"
	"slices"

	"github.com/google/uuid"
)

// ObjectValue is a personal value that is kept with an object and in nobody's
// profile: who wrote a request, who acted for somebody. The key is derived for
// the object and the code, so that it decrypts beside no other.
type ObjectValue struct {
	Object uuid.UUID // what it belongs to
	Code   string    // one of the reserved codes
	// User is whose erasure takes it along; zero: it is of nobody who is known.
	User       uuid.UUID
	Ciphertext Ciphertext
}

// ObjectValueReader reads what is kept with objects.
type ObjectValueReader interface {
	// ObjectValues answers all that is kept with these objects, in no order.
	ObjectValues(ctx context.Context, objects []uuid.UUID) ([]ObjectValue, error)
}

// ObjectValueTx queues changes of what is kept with objects.
type ObjectValueTx interface {
	// PutObjectValue adds a value, or takes the place of the one of its code.
	// ErrStale: the person whose it is was erased.
	PutObjectValue(v ObjectValue)
	// DropObjectValues removes all that is kept with an object.
	DropObjectValues(object uuid.UUID)
}

// encryptWith encrypts what is to be kept with an object, in one call. Empty
// values are left out. The reference is the id of the act's audit event.
func (s *Service) encryptWith(ctx context.Context, object, user, reference uuid.UUID, values map[string]Plain) ([]ObjectValue, error) {
	var items []EncryptItem
	for _, code := range slices.Sorted(maps.Keys(values)) {
		at, err := objectPlace(object, code)
		switch {
		case err != nil:
			return nil, err
		case !values[code].Empty():
			items = append(items, EncryptItem{at, values[code], reference})
		}
	}
	if len(items) == 0 {
		return nil, nil
	}
	results, err := s.Encrypter.Encrypt(ctx, items)
	if err != nil {
		return nil, err
	}
	out := make([]ObjectValue, len(items))
	for i, r := range results {
		if r.Err != nil {
			return nil, r.Err
		}
		out[i] = ObjectValue{Object: object, Code: items[i].Field, User: user, Ciphertext: r.Ciphertext}
	}
	return out, nil
}

// openObject answers what is kept with an object, by code. The event is on
// record before there is plaintext, and names the codes.
func (s *Service) openObject(ctx context.Context, object uuid.UUID, event AuditEvent) (map[string]Plain, error) {
	all, err := s.openObjects(ctx, []uuid.UUID{object}, event)
	if err != nil {
		return nil, err
	}
	if all[object] == nil {
		return map[string]Plain{}, nil
	}
	return all[object], nil
}

// openObjects is openObject for several, in one call and with one event.
func (s *Service) openObjects(ctx context.Context, objects []uuid.UUID, event AuditEvent) (map[uuid.UUID]map[string]Plain, error) {
	kept, err := s.Reader.ObjectValues(ctx, objects)
	if err != nil || len(kept) == 0 {
		return nil, err
	}
	items := make([]DecryptItem, len(kept))
	for i, v := range kept {
		at, err := objectPlace(v.Object, v.Code)
		if err != nil {
			return nil, err
		}
		items[i] = DecryptItem{at, v.Ciphertext, event.ID}
		event.Fields = append(event.Fields, v.Code)
	}
	slices.Sort(event.Fields)
	event.Fields = slices.Compact(event.Fields)
	if err := s.record(ctx, event); err != nil {
		return nil, err
	}
	results, err := s.Decrypter.Decrypt(ctx, items)
	if err != nil {
		return nil, err
	}
	out := map[uuid.UUID]map[string]Plain{}
	for i, r := range results {
		if r.Err != nil {
			return nil, r.Err
		}
		if out[kept[i].Object] == nil {
			out[kept[i].Object] = map[string]Plain{}
		}
		out[kept[i].Object][kept[i].Code] = r.Value
	}
	return out, nil
}
