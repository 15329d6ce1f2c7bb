package vault

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"
)

// noticeModel is what a notice is, told another way: how often it was told, and
// what the recipient said last.
type noticeModel struct {
	told, done bool
	changes    int64
}

func (m *noticeModel) may(to NoticeState) bool {
	switch to {
	case NoticeTold:
		return !m.told && !m.done
	case NoticeConfirmed:
		return m.told && !m.done
	case NoticeFailed:
		return !m.done && (m.told || m.changes == 0)
	default:
		return false
	}
}

func (m *noticeModel) move(to NoticeState) {
	m.told, m.done, m.changes = to != NoticeFailed, to == NoticeConfirmed, m.changes+1
}

// TestNoticesMoveAsTheModelDoes holds every sequence of moves, at right and
// wrong revisions, against the model.
func TestNoticesMoveAsTheModelDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, m := RecipientNotice{State: NoticeToTell, Revision: 1}, noticeModel{}
		for range rapid.IntRange(1, 12).Draw(t, "moves") {
			to := rapid.SampledFrom([]NoticeState{NoticeToTell, NoticeTold, NoticeConfirmed, NoticeFailed, "NONSENSE"}).Draw(t, "to")
			expected := n.Revision - int64(rapid.SampledFrom([]int{0, 0, 0, 1}).Draw(t, "behind"))
			next, err := n.moved(to, expected, morning)
			switch {
			case expected != n.Revision:
				if CodeOf(err) != CodeRevisionConflict || !cmp.Equal(next, n) {
					t.Fatalf("a stale move to %s: %v", to, err)
				}
			case !m.may(to):
				if CodeOf(err) != CodeIllegalMove || !cmp.Equal(next, n) {
					t.Fatalf("from %s to %s: %v", n.State, to, err)
				}
			case err != nil || next.State != to || next.Revision != n.Revision+1:
				t.Fatalf("from %s to %s: %+v, %v", n.State, to, next, err)
			default:
				m.move(to)
			}
			n = next
		}
	})
}

func testDisclosure() Disclosure {
	return Disclosure{
		ID: testID(1), User: testID(2), Act: testID(3), App: "dala", Recipient: DisclosedTo{Name: words("Жел", "Ветер", "Jel"), Country: "KZ"},
		Fields: []string{"phone"}, Purpose: "contact", Ground: ByConsent, Version: testID(4), Items: []string{"jel", "contact"},
		Consents: []uuid.UUID{testID(5), testID(6)}, Recorder: testID(7), Role: Compliance, Rules: "KZ/2026-11-23", At: morning, TellBy: morning.Add(days(10)),
	}
}

func TestTheBytesOfADisclosureAreFixed(t *testing.T) {
	bare := testDisclosure()
	bare.Ground, bare.Reference, bare.Withheld, bare.Approver = ByLaw, "ART-9", "ART-9.1", testID(7)
	bare.Recipient, bare.TellBy, bare.Purpose = DisclosedTo{Registration: ownBIN, Country: "KZ"}, time.Time{}, ""
	for name, d := range map[string]Disclosure{"disclosure.json": testDisclosure(), "disclosure-law.json": bare} {
		raw, err := d.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		golden(t, name, raw)
		back, err := ReadDisclosure(raw)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(d, back); diff != "" {
			t.Error(diff)
		}
		again, err := back.Bytes()
		if err != nil || !bytes.Equal(again, raw) {
			t.Errorf("read and written again: %s, %v", again, err)
		}
	}
	if _, err := ReadDisclosure([]byte(`{"v":2}`)); err == nil {
		t.Error("bytes of another version are read")
	}
}

func TestWhatEndsAConsentIsToldOncePerItem(t *testing.T) {
	v := testVersion(1, morning, morning, ask("jel", false), ask("club", false))
	p := testPerson(morning, v)
	s := testService(at(morning))
	p.gives("jel", v)
	before := slices.Clone(p.History)
	first := p.happens(Refused, "jel", v)
	never := p.happens(Refused, "club", v)
	p.History = before
	got := s.ends(p, []ConsentEvent{first, never})
	if len(got.tellings) != 1 || got.tellings[0].About != AboutRefused || !slices.Equal(got.tellings[0].Items, []string{"jel"}) {
		t.Errorf("got %+v", got.tellings)
	}
	if got.tellings[0].Due != first.ReceivedAt { // no rule pack: at once
		t.Errorf("due %s", got.tellings[0].Due)
	}
	p.History = append(before, first, never)
	if again := s.ends(p, []ConsentEvent{first, never}); len(again.tellings) != 1 {
		t.Errorf("with the events in the history already: %+v", again.tellings)
	}
}
