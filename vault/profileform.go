package vault

import (
	"context"
)

// ProfileForm is what a form for personal data is drawn from: the fields that the
// version in force collects, in its order.
type ProfileForm struct {
	Version *Version
	Fields  []FormField
}

// FormField is one input of the form.
type FormField struct {
	Collected
	Limits
	// Own: it is written among the app's own fields, by its code.
	Own       bool
	Keyboard  Keyboard
	Sensitive bool // not to be kept by keyboards, shown in previews, or read over a shoulder
}

// Limits are what a value has to be, as far as data can say it; the check when
// it is written says the rest.
type Limits struct {
	MaxLength int    // in characters; 0: any
	Pattern   string // regular expression that the whole value matches, after spaces around it are gone; empty: none
	From, To  string // of a date, YYYY-MM-DD, both included; empty: any
}

// Keyboard is what a device should offer.
type Keyboard string

// The keyboards.
const (
	KeyboardName   Keyboard = "NAME"
	KeyboardText   Keyboard = "TEXT"
	KeyboardDigits Keyboard = "DIGITS"
	KeyboardNumber Keyboard = "NUMBER"
	KeyboardEmail  Keyboard = "EMAIL"
	KeyboardPhone  Keyboard = "PHONE"
	KeyboardDate   Keyboard = "DATE"
	KeyboardSwitch Keyboard = "SWITCH"
)

func (k FieldKind) keyboard() Keyboard {
	switch k {
	case KindName:
		return KeyboardName
	case KindIIN:
		return KeyboardDigits
	case KindInteger:
		return KeyboardNumber
	case KindEmail:
		return KeyboardEmail
	case KindPhone:
		return KeyboardPhone
	case KindDate, KindBirthDate:
		return KeyboardDate
	case KindBoolean:
		return KeyboardSwitch
	case KindText:
	}
	return KeyboardText
}

// ProfileForm answers the form of an app, or nil when nothing is in force.
func (s *Service) ProfileForm(ctx context.Context, a Actor, app string) (*ProfileForm, error) {
	v, err := s.PolicyInForce(ctx, a, app, s.now())
	if err != nil || v == nil {
		return nil, err
	}
	out := &ProfileForm{Version: v, Fields: []FormField{}}
	for _, c := range v.Facts.Collected(s.Catalogue) {
		_, typed := s.Catalogue.Get(c.Code)
		out.Fields = append(out.Fields, FormField{
			Collected: c, Limits: s.Normaliser.Limits(c.Kind, s.now()), Own: !typed, Keyboard: c.Kind.keyboard(),
			Sensitive: c.Kind == KindIIN || c.Mask == MaskHidden,
		})
	}
	return out, nil
}
