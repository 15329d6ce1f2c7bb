package vault

import (
	"context"
	"slices"

	"github.com/google/uuid"
)

// An obstacle bars what takes a consent back, by whatever door it comes: a
// withdrawal, or a refusal of what was given. A legal hold also keeps values as
// they are: neither the person nor a colleague replaces or clears one that it
// covers. What was empty may be written.

// existing refuses codes that no version of any app has: an obstacle that names
// them would bar nothing.
func (s *Service) existing(ctx context.Context, items []string) error {
	if len(items) == 0 {
		return nil
	}
	versions, err := s.versionsOfAll(ctx)
	if err != nil {
		return err
	}
	var errs Errors
	for i, code := range items {
		if !slices.ContainsFunc(versions, func(v *Version) bool { _, ok := v.Facts.Item(code); return ok }) {
			errs = append(errs, NewError(CodeUnknownItem, "no version of any app has such an item").At("items", itoa(int64(i))))
		}
	}
	return errs.orNil()
}

// versionsOfAll are the versions that were ever published, of all apps: they
// share people, and an obstacle is a person's.
func (s *Service) versionsOfAll(ctx context.Context) ([]*Version, error) {
	apps, err := s.Reader.Apps(ctx)
	if err != nil {
		return nil, err
	}
	var out []*Version
	for _, app := range apps {
		versions, err := s.everyVersion(ctx, app.Code)
		if err != nil {
			return nil, err
		}
		out = append(out, versions...)
	}
	return out, nil
}

// unbarred refuses events that take a consent back which the law or an open
// obligation keeps: all of them, so that nobody takes it for more than it is. The
// refusals name the items, at their places in the input.
func (s *Service) unbarred(ctx context.Context, p *Person, events []ConsentEvent, at func(item string) []string) error {
	given := map[string]bool{}
	for _, c := range p.Consents() {
		given[c.Item] = given[c.Item] || c.State == ConsentGiven
	}
	ending := slices.DeleteFunc(slices.Clone(events), func(e ConsentEvent) bool { return e.Type == Given || !given[e.Item] })
	if len(ending) == 0 {
		return nil
	}
	standing, err := s.Reader.Obstacles(ctx, []uuid.UUID{p.User.ID}, false)
	if err != nil {
		return err
	}
	var errs Errors
	for _, item := range itemsOf(ending) {
		if i := slices.IndexFunc(standing, func(o Obstacle) bool { return o.bars(item) }); i >= 0 {
			errs = append(errs, standing[i].refusal().With("item", item).At(at(item)...))
		}
	}
	return errs.orNil()
}

// unheld refuses to replace or clear what a legal hold keeps. A value that is
// sent as it was is none of that, where the digest that the person is found by
// says so.
func (s *Service) unheld(ctx context.Context, set changeset) error {
	changed := slices.DeleteFunc(slices.Clone(set.changes), func(c checked) bool {
		return c.same || !slices.Contains(set.stored, c.Field)
	})
	if len(changed) == 0 {
		return nil
	}
	standing, err := s.Reader.Obstacles(ctx, []uuid.UUID{set.user}, false)
	standing = slices.DeleteFunc(standing, func(o Obstacle) bool { return o.Kind != LegalHold })
	if err != nil || len(standing) == 0 {
		return err
	}
	versions, err := s.versionsOfAll(ctx)
	if err != nil {
		return err
	}
	var errs Errors
	for _, c := range changed {
		if i := slices.IndexFunc(standing, func(o Obstacle) bool { return o.covers(versions, c.Field) }); i >= 0 {
			e := standing[i].refusal()
			e.Message = "a hold keeps this value as it is for now; a request for CORRECTION puts the right one beside it, " +
				"and one for BLOCKING stops the use of the wrong one"
			errs = append(errs, e.With("field", c.Field).At(c.Path...))
		}
	}
	return errs.orNil()
}

// covers reports whether a field is among those of the consents that the
// obstacle names, in any version.
func (o Obstacle) covers(versions []*Version, field string) bool {
	return len(o.Items) == 0 || slices.ContainsFunc(versions, func(v *Version) bool {
		return slices.ContainsFunc(v.Facts.Items, func(i Item) bool { return slices.Contains(o.Items, i.Code) && i.Uses(field) })
	})
}

// against holds changes against what is stored: a value that is proved stays so
// when it is sent again, and one that is held stays as it is.
func (s *Service) against(ctx context.Context, set *changeset) error {
	if err := s.proofs(ctx, set); err != nil {
		return err
	}
	return s.unheld(ctx, *set)
}
