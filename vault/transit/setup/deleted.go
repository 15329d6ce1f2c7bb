package setup

import "context"

// deleted is what is said of a key that was there.
const deleted = "it was here, as what is made after it shows, and somebody deleted it. A new key of its name decrypts nothing: " +
	"restore a snapshot of Vault that has it; where nobody needs what it encrypted, --recreate-keys makes a new one"

// refuseDeleted refuses keys that are missing although something is there that
// is made after them: a first set-up that was cut off leaves no such gap.
// Another that is under way made the key first, so that it is looked at again.
func (p *Plan) refuseDeleted(ctx context.Context, v server, found []Result) error {
	for i, o := range p.objects {
		k, isKey := o.(key)
		if !isKey || p.config.RecreateKeys || found[i].State != Missing || !p.outlived(i, found) {
			continue
		}
		again, err := look(ctx, k, v)
		if err != nil {
			return err
		}
		if again.State == Missing {
			again.State, again.Detail = Refused, deleted
		}
		found[i] = again
	}
	return nil
}

// outlived reports whether something is there that is made after the object
// and names this mount and these keys: a later key, or a policy as it has to be.
func (p *Plan) outlived(object int, found []Result) bool {
	for i := object + 1; i < len(p.objects); i++ {
		switch o := p.objects[i].(type) {
		case key:
			if found[i].State != Missing && !o.latest() {
				return true
			}
		case policy:
			if found[i].State == Right {
				return true
			}
		}
	}
	return false
}
