package main

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/kelisim/kelisim/server/identity"
	"github.com/kelisim/kelisim/vault"
)

type reportCommand struct {
	Access   reportAccessCommand   `cmd:"" help:"Who may reach personal data, who did, and who was refused."`
	Operator reportOperatorCommand `cmd:"" help:"How many people there are, against the thresholds of the law; the notices of starting and stopping."`
}

type reportAccessCommand struct {
	From instant `required:"" placeholder:"TIME" help:"From this moment on: 2026-11-01T00:00:00Z, or 2026-11-01 for midnight UTC."`
	To   instant `required:"" placeholder:"TIME" help:"Until before this moment, a year later at most."`
	App  string  `placeholder:"CODE" help:"Only what was done in this app."`
	JSON bool    `name:"json" xor:"form" help:"Print JSON."`
	CSV  bool    `name:"csv" xor:"form" help:"Print what colleagues and services did as CSV."`
}

// Run prints the report; reading it is an event.
func (c reportAccessCommand) Run(p *process) (err error) {
	sys, err := p.openPlain()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sys.close()) }()
	if file := sys.settings.OIDCFile; file != "" {
		config, err := identity.Load(file, false)
		if err != nil {
			return fmt.Errorf("KELISIM_OIDC_FILE: %w", err)
		}
		sys.vault.Access = config.Grants()
	}
	report, err := sys.vault.AccessReport(p.ctx, p.systemActor(), vault.AccessFilter{From: c.From.Time, To: c.To.Time, App: c.App})
	switch {
	case err != nil:
		return readable(err)
	case c.JSON:
		out := json.NewEncoder(p.out)
		out.SetIndent("", "  ")
		return out.Encode(report)
	case c.CSV:
		return c.csv(p, report)
	}
	return c.text(p, report)
}

func who(a vault.ActorAccess) string {
	if a.Actor == uuid.Nil {
		return "command line, jobs"
	}
	return a.Actor.String()
}

func told(tallies []vault.Tally) string {
	parts := make([]string, len(tallies))
	for i, t := range tallies {
		parts[i] = t.Name + "=" + strconv.FormatInt(t.Times, 10)
	}
	return strings.Join(parts, " ")
}

func rolesOf(a vault.ActorAccess) string {
	parts := make([]string, len(a.Roles))
	for i, r := range a.Roles {
		parts[i] = string(r)
	}
	return strings.Join(parts, " ")
}

// accessColumns are the columns of what somebody did.
func accessColumns() []string {
	return []string{"actor", "roles", "people", "reveals", "masks", "lookups", "refused", "fields", "classes", "grounds", "refusals"}
}

func accessRow(a vault.ActorAccess) []string {
	n := func(n int64) string { return strconv.FormatInt(n, 10) }
	return []string{
		who(a), rolesOf(a), n(a.People), n(a.Reveals), n(a.Masked), n(a.Lookups), n(a.Refused),
		told(a.Fields), told(a.Classes), told(a.Grounds), told(a.Refusals),
	}
}

func (c reportAccessCommand) csv(p *process, report vault.AccessReport) error {
	out := csv.NewWriter(p.out)
	rows := [][]string{accessColumns()}
	for _, a := range report.Actors {
		rows = append(rows, accessRow(a))
	}
	return out.WriteAll(rows)
}

func (c reportAccessCommand) text(p *process, report vault.AccessReport) error {
	rows := []string{"role\tclass\tsees"}
	for _, r := range report.Roles {
		for _, class := range r.Classes {
			rows = append(rows, fmt.Sprintf("%s\t%s\t%s", r.Role, class.Class, class.Sight))
		}
	}
	rows = append(rows, "", "service\tapps\tpurposes")
	for _, s := range report.Services {
		rows = append(rows, s.Name+"\t"+strings.Join(s.Apps, " ")+"\t"+strings.Join(s.Purposes, " "))
	}
	rows = append(rows, "", strings.Join(accessColumns(), "\t"))
	for _, a := range report.Actors {
		rows = append(rows, strings.Join(accessRow(a), "\t"))
	}
	if report.Partial {
		rows = append(rows, "there was more than a report has room for: ask for a shorter time")
	}
	return p.table(rows)
}
