package vault

import (
	"errors"
	"strings"
	"testing"
)

var allRoles = []Role{Anonymous, Subject, Machine, Support, Compliance, Security, Auditor, System, "", "ADMIN"}

var allClasses = []FieldClass{Identity, Contact, Technical, Other, "", "SECRET"}

func TestEachRoleSeesOfEachClassWhatTheTableSays(t *testing.T) {
	for role, row := range map[Role]string{
		// IDENTITY, CONTACT, TECHNICAL, OTHER, a class that is not set, one that is unknown
		Subject:    "PLAIN | PLAIN | PLAIN | PLAIN | FORBIDDEN | FORBIDDEN",
		Machine:    "PLAIN | PLAIN | FORBIDDEN | PLAIN | FORBIDDEN | FORBIDDEN",
		Support:    "REVEALABLE | REVEALABLE | FORBIDDEN | REVEALABLE | FORBIDDEN | FORBIDDEN",
		Compliance: "PLAIN | PLAIN | PLAIN | PLAIN | FORBIDDEN | FORBIDDEN",
		Security:   "FORBIDDEN | FORBIDDEN | FORBIDDEN | FORBIDDEN | FORBIDDEN | FORBIDDEN",
		Auditor:    "FORBIDDEN | FORBIDDEN | FORBIDDEN | FORBIDDEN | FORBIDDEN | FORBIDDEN",
		Anonymous:  "FORBIDDEN | FORBIDDEN | FORBIDDEN | FORBIDDEN | FORBIDDEN | FORBIDDEN",
		System:     "FORBIDDEN | FORBIDDEN | FORBIDDEN | FORBIDDEN | FORBIDDEN | FORBIDDEN",
		"":         "FORBIDDEN | FORBIDDEN | FORBIDDEN | FORBIDDEN | FORBIDDEN | FORBIDDEN",
		"ADMIN":    "FORBIDDEN | FORBIDDEN | FORBIDDEN | FORBIDDEN | FORBIDDEN | FORBIDDEN",
	} {
		for i, want := range strings.Split(row, " | ") {
			if got := (Access{}).Sight(role, Field{Code: "x", Class: allClasses[i]}); got != Sight(want) {
				t.Errorf("%s sees of %s: %s, want %s", role, allClasses[i], got, want)
			}
		}
	}
}

func TestSupportNeverRevealsAnIIN(t *testing.T) {
	iin, _ := testCatalogue().Get(FieldIIN)
	for _, a := range []Access{{}, {SupportNeverReveals: []string{}}, {SupportNeverReveals: []string{"phone"}}} {
		if got := a.Sight(Support, iin); got != SeesMask {
			t.Errorf("%+v: %s", a, got)
		}
	}
	if got := (Access{}).Sight(Compliance, iin); got != SeesValue {
		t.Errorf("compliance: %s", got)
	}
}

func TestAccessOnlyTakesAway(t *testing.T) {
	rank := map[Sight]int{SeesNothing: 0, SeesMask: 1, MayReveal: 2, SeesValue: 3}
	narrow := Access{SupportNeverReveals: []string{"phone", "anything", "secret"}}
	for _, role := range allRoles {
		for _, class := range allClasses {
			for _, code := range []string{"phone", "email", "secret"} {
				f := Field{Code: code, Class: class}
				wide, narrowed := (Access{}).Sight(role, f), narrow.Sight(role, f)
				if rank[narrowed] > rank[wide] {
					t.Errorf("%s sees more of %s %s: %s for %s", role, class, code, narrowed, wide)
				}
				if role != Support && narrowed != wide {
					t.Errorf("%s is not support, and sees %s for %s", role, narrowed, wide)
				}
			}
		}
	}
	if got := narrow.Sight(Support, Field{Code: "phone", Class: Contact}); got != SeesMask {
		t.Errorf("the phone is still %s", got)
	}
}

func TestAGroundOfTheAgreedFormIsTaken(t *testing.T) {
	for name, b := range map[string]Basis{
		"none":             {},
		"a purpose":        {Purpose: "identify"},
		"a ticket":         {Reason: "PERSON_ASKED", Ticket: "SUP-1234"},
		"a short ticket":   {Reason: "FRAUD", Ticket: "S1-1"},
		"a long ticket":    {Reason: "INCIDENT", Ticket: "ABCDEFGHIJ-123456789"},
		"an article":       {Legal: "ART-8.4"},
		"an order":         {Legal: "ORDER-17"},
		"a court's number": {Legal: "COURT-7599-26-00-2/1234"},
	} {
		if err := b.validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAGroundOfAnotherFormIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		basis Basis
		path  string
	}{
		"a purpose and a ticket":     {Basis{Purpose: "identify", Reason: "FRAUD", Ticket: "SUP-1"}, "basis"},
		"a purpose and a law":        {Basis{Purpose: "identify", Legal: "LAW-94"}, "basis"},
		"a ticket and a law":         {Basis{Reason: "FRAUD", Ticket: "SUP-1", Legal: "LAW-94"}, "basis"},
		"all three":                  {Basis{"identify", "FRAUD", "SUP-1", "LAW-94"}, "basis"},
		"a purpose in free text":     {Basis{Purpose: "to call Айгүл"}, "basis.purpose"},
		"a purpose that is a number": {Basis{Purpose: "850615100007"}, "basis.purpose"},
		"a reason without a ticket":  {Basis{Reason: "FRAUD"}, "basis.request.ticket"},
		"a free reason alone":        {Basis{Reason: "she called"}, "basis.request.ticket"},
		"a ticket without a reason":  {Basis{Ticket: "SUP-1"}, "basis.request.reason"},
		"an unknown reason":          {Basis{Reason: "CURIOSITY", Ticket: "SUP-1"}, "basis.request.reason"},
		"a small-letter ticket":      {Basis{Reason: "FRAUD", Ticket: "sup-1"}, "basis.request.ticket"},
		"a ticket without a number":  {Basis{Reason: "FRAUD", Ticket: "SUP-"}, "basis.request.ticket"},
		"a ticket with an IIN":       {Basis{Reason: "FRAUD", Ticket: "SUP-850615100007"}, "basis.request.ticket"},
		"a ticket with words":        {Basis{Reason: "FRAUD", Ticket: "SUP-1 about Айгүл"}, "basis.request.ticket"},
		"a ticket with a line":       {Basis{Reason: "FRAUD", Ticket: "SUP-1\n"}, "basis.request.ticket"},
		"a ticket of one letter":     {Basis{Reason: "FRAUD", Ticket: "S-1"}, "basis.request.ticket"},
		"an IIN as a reference":      {Basis{Legal: "850615100007"}, "basis.legal.reference"},
		"a phone in a reference":     {Basis{Legal: "Запрос 87010000001"}, "basis.legal.reference"},
		"a phone with spaces":        {Basis{Legal: "Запрос 8 701 000 00 01"}, "basis.legal.reference"},
		"an IIN in two pieces":       {Basis{Legal: "Запрос 850615 100007"}, "basis.legal.reference"},
		"an e-mail address":          {Basis{Legal: "Запрос aigul@mail.example"}, "basis.legal.reference"},
		"a name":                     {Basis{Legal: "Ахметова Айсұлу Алматы"}, "basis.legal.reference"},
		"a name in capitals":         {Basis{Legal: "AKHMETOVA"}, "basis.legal.reference"},
		"a phone after the letters":  {Basis{Legal: "TEL-87010000001"}, "basis.legal.reference"},
		"small letters":              {Basis{Legal: "art-8"}, "basis.legal.reference"},
		"a number too many":          {Basis{Legal: "ART-1.2.3.4.5.6.7"}, "basis.legal.reference"},
		"the reason in other case":   {Basis{Reason: "fraud", Ticket: "SUP-1"}, "basis.request.reason"},
		"two lines":                  {Basis{Legal: "LAW-94\nLAW-95"}, "basis.legal.reference"},
		"a leading space":            {Basis{Legal: " LAW-94"}, "basis.legal.reference"},
	} {
		err := c.basis.validate()
		var e *Error
		if !errors.As(err, &e) || e.Code != CodeBadRequest || strings.Join(e.Path, ".") != c.path {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestARefusalOfAGroundDoesNotRepeatIt(t *testing.T) {
	for _, b := range []Basis{{Legal: "850615100007"}, {Purpose: "Aigul lives here"}, {Reason: "Aigul", Ticket: "SUP-1"}, {Reason: "FRAUD", Ticket: "Aigul"}} {
		if err := b.validate(); strings.Contains(err.Error(), "Aigul") || strings.Contains(err.Error(), "8506") {
			t.Error(err)
		}
	}
}

func TestTheGroundPicksTheRoleThatAllows(t *testing.T) {
	all := Actor{Roles: []Role{Auditor, Security, Support, Compliance, Machine}}
	for name, c := range map[string]struct {
		basis Basis
		actor Actor
		want  Role
	}{
		"a purpose is a service's":         {Basis{Purpose: "identify"}, all, Machine},
		"a purpose is not compliance's":    {Basis{Purpose: "identify"}, Actor{Roles: []Role{Compliance}}, ""},
		"a legal ground is compliance's":   {Basis{Legal: "LAW-94"}, all, Compliance},
		"a legal ground is not support's":  {Basis{Legal: "LAW-94"}, Actor{Roles: []Role{Support}}, ""},
		"a request, of both":               {Basis{Ticket: "SUP-1"}, all, Compliance},
		"a request, of support":            {Basis{Ticket: "SUP-1"}, Actor{Roles: []Role{Auditor, Support}}, Support},
		"a request is not an auditor's":    {Basis{Ticket: "SUP-1"}, Actor{Roles: []Role{Auditor, Machine}}, ""},
		"no ground":                        {Basis{}, all, Support},
		"no ground, and an auditor":        {Basis{}, Actor{Roles: []Role{Auditor}}, Auditor},
		"no ground, and nobody":            {Basis{}, Actor{}, ""},
		"no ground, and a person's token":  {Basis{}, Actor{Roles: []Role{Subject}}, ""},
		"no ground, and the system itself": {Basis{}, SystemActor("cli"), ""},
	} {
		if got, ok := c.basis.role(c.actor); got != c.want || ok != (c.want != "") {
			t.Errorf("%s: %q, %t", name, got, ok)
		}
	}
}
