package vault

import (
	"iter"
	"time"
)

// PersonalCopy is everything that is held of one person, as they get it. Its
// values are in clear: it is written to the person and to nobody else, and is
// kept nowhere. docs/export.schema.json describes it.
//
// What grows without end is read while it is written, page by page, and may be
// read once.
type PersonalCopy struct {
	V        int             `json:"v"`
	MadeAt   time.Time       `json:"madeAt"`
	Locale   string          `json:"locale"`
	App      string          `json:"app"`
	Operator CopyOfOperator  `json:"operator"`
	Person   CopyOfPerson    `json:"person"`
	Fields   []CopyOfField   `json:"fields"`
	Consents []CopyOfConsent `json:"consents"`
	Acted    []CopyOfActing  `json:"representatives"` // newest first
	Requests []CopyOfRequest `json:"requests"`

	Passed    iter.Seq2[CopyOfPassing, error]   `json:"-"` // newest first, as all that follow
	Technical iter.Seq2[CopyOfTechnical, error] `json:"-"`
	Reads     iter.Seq2[CopyOfAccess, error]    `json:"-"`
	// Whether that was all of it: known once it was read.
	AllTechnical bool           `json:"-"`
	AllReads     bool           `json:"-"`
	Zone         *time.Location `json:"-"` // in which people read it
}

// CopyOfOperator is who answers for the data.
type CopyOfOperator struct {
	Name string `json:"name"`
	BIN  string `json:"bin"`
}

// CopyOfPerson is what is held beside the fields.
type CopyOfPerson struct {
	ID        string    `json:"id"`
	Status    Status    `json:"status"`
	Locale    string    `json:"locale,omitempty"`
	CreatedAt time.Time `json:"createdAt"`
	// Contexts is beside how many decisions the connection's address and browser
	// are kept as evidence, encrypted.
	Contexts int64 `json:"networkContexts"`
}

// CopyOfField is a field with its value.
type CopyOfField struct {
	Code       string     `json:"code"`
	Label      string     `json:"label"`
	Value      string     `json:"value"`
	Verified   bool       `json:"verified"`
	Visibility Visibility `json:"visibility"`
	UpdatedAt  time.Time  `json:"updatedAt"`
}

// CopyOfConsent is a decision, with the hash of what was shown.
type CopyOfConsent struct {
	App          string       `json:"app"`
	Item         string       `json:"item"`
	Title        string       `json:"title"`
	State        ConsentState `json:"state"`
	Version      string       `json:"version"`
	Locale       string       `json:"locale"`
	DocumentHash string       `json:"documentHash"`
	Method       Method       `json:"method"`
	DecidedAt    time.Time    `json:"decidedAt"`
	ValidUntil   *time.Time   `json:"validUntil"`
}

// CopyOfActing is that somebody else acted for the person. The name is told, as
// whoever is acted for has to know by whom. How to reach the representative, and
// the numbers of their papers, are the representative's own and not in the copy:
// the person asks for them, and COMPLIANCE weighs it.
type CopyOfActing struct {
	App       string        `json:"app"`
	At        time.Time     `json:"at"`
	Name      string        `json:"name,omitempty"` // empty: it is not kept any more
	Ground    Ground        `json:"ground"`
	Method    Method        `json:"method"`
	Reference string        `json:"reference,omitempty"` // of the document on which it was received
	Decisions []CopyOfActed `json:"decisions"`
}

// CopyOfActed is one thing that a representative decided.
type CopyOfActed struct {
	Item string    `json:"item"`
	Type EventType `json:"type"`
}

// CopyOfTechnical is one thing that a device sent by itself.
type CopyOfTechnical struct {
	App       string    `json:"app"`
	At        time.Time `json:"at"`
	IP        string    `json:"ip,omitempty"` // a network, or a whole address
	CookieID  string    `json:"cookieId,omitempty"`
	UserAgent string    `json:"userAgent,omitempty"`
	Page      string    `json:"page,omitempty"`
	KeptUntil time.Time `json:"keptUntil"`
}

// CopyOfPassing is that data was passed on.
type CopyOfPassing struct {
	App       string           `json:"app"`
	At        time.Time        `json:"at"`
	Recipient string           `json:"recipient"` // its name, or its number in a public register
	Country   string           `json:"country"`
	Fields    []string         `json:"fields"`
	Purpose   string           `json:"purpose,omitempty"`
	Ground    DisclosureGround `json:"ground"`
	Reference string           `json:"reference,omitempty"`
	SeenAt    *time.Time       `json:"seenAt"`
}

// CopyOfRequest is a request of the person's, with their own words.
type CopyOfRequest struct {
	Number       string         `json:"number"`
	Kind         RequestKind    `json:"kind"`
	State        RequestState   `json:"state"`
	Channel      RequestChannel `json:"channel"`
	ReceivedAt   time.Time      `json:"receivedAt"`
	DueAt        time.Time      `json:"dueAt"`
	ClosedAt     *time.Time     `json:"closedAt"`
	Outcome      RequestOutcome `json:"outcome,omitempty"`
	Ground       RefusalGround  `json:"ground,omitempty"`
	DocumentHash string         `json:"documentHash,omitempty"`
	Text         string         `json:"text,omitempty"` // what was written
	Note         string         `json:"note,omitempty"` // what was answered
}

// CopyOfAccess is that somebody else did something with the person's data.
type CopyOfAccess struct {
	At        time.Time `json:"at"`
	By        Role      `json:"by"`
	Action    Action    `json:"action"`
	Outcome   Outcome   `json:"outcome"`
	Fields    []string  `json:"fields"`
	Purpose   string    `json:"purpose,omitempty"`
	Reason    string    `json:"reason,omitempty"`
	Reference string    `json:"reference,omitempty"`
}
