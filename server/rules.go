package main

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	_ "time/tzdata" // deadlines end at midnight in the pack's zone, on machines without zones too

	"github.com/kelisim/kelisim/server/folder"
	"github.com/kelisim/kelisim/vault"
)

//go:embed rules/*.yaml
var rulePacks embed.FS

// loadRules reads the rule packs that come with the program, and those of the
// operator's folder, which take the place of one of the same code.
func loadRules(dir string) (vault.RulePacks, error) {
	packs := vault.RulePacks{}
	embedded, err := fs.Glob(rulePacks, "rules/*.yaml")
	if err != nil {
		return nil, fmt.Errorf("the rule packs: %w", err)
	}
	for _, name := range embedded {
		p, err := folder.PackFS(rulePacks, name)
		if err != nil {
			return nil, err
		}
		packs[p.Code] = p
	}
	if dir == "" {
		return packs, nil
	}
	own, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err == nil && len(own) == 0 {
		err = errors.New("there is no .yaml file in this folder")
	}
	if err != nil {
		return nil, fmt.Errorf("KELISIM_RULES: %s: %w", dir, err)
	}
	for _, name := range own {
		p, err := folder.Pack(name)
		if err != nil {
			return nil, fmt.Errorf("KELISIM_RULES: %w", err)
		}
		packs[p.Code] = p
	}
	return packs, nil
}
