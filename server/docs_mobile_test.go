package main

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const mobileGuide = "../docs/mobile.md"

// appOperations are the documents of the example app, with the comment before
// each, by their names.
func appOperations(t *testing.T) (documents, comments map[string]string) {
	t.Helper()
	files, err := filepath.Glob("../examples/mobile/*.graphql")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d operations, %v", len(files), err)
	}
	documents, comments = map[string]string{}, map[string]string{}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".graphql")
		comments[name], documents[name], _ = strings.Cut(strings.TrimPrefix(read(t, file), "# "), "\n")
	}
	return documents, comments
}

// TestTheMobileGuideShowsTheAppsOperations: what the guide explains is what the
// example app sends, byte by byte, and it lists all of it.
func TestTheMobileGuideShowsTheAppsOperations(t *testing.T) {
	documents, comments := appOperations(t)
	named := regexp.MustCompile(`^(?:query|mutation) (\w+)`)
	for _, b := range blocks(t, mobileGuide) {
		if m := named.FindStringSubmatch(b.text); b.info == "graphql" && (m == nil || documents[m[1]] != b.text) {
			t.Errorf("%s: this is no operation of examples/mobile", b.at)
		}
	}
	guide := read(t, mobileGuide)
	for name, comment := range comments {
		if row := "| [`" + name + "`](../examples/mobile/" + name + ".graphql) | " + comment + " |\n"; !strings.Contains(guide, row) {
			t.Errorf("%s has no row %s", mobileGuide, row)
		}
	}
}

// TestTheMobileGuideCallsOperationsByTheirNames looks at the classes that the
// clients' code generators make of them.
func TestTheMobileGuideCallsOperationsByTheirNames(t *testing.T) {
	documents, _ := appOperations(t)
	class := regexp.MustCompile(`\b([A-Z]\w+?)(Query|Mutation)\(`)
	seen := 0
	for _, b := range blocks(t, mobileGuide) {
		if b.info != "kotlin" && b.info != "swift" {
			continue
		}
		for _, m := range class.FindAllStringSubmatch(b.text, -1) {
			seen++
			if !strings.HasPrefix(documents[m[1]], strings.ToLower(m[2])+" "+m[1]) {
				t.Errorf("%s: there is no %s %s", b.at, strings.ToLower(m[2]), m[1])
			}
		}
	}
	if seen == 0 {
		t.Error("the guide calls no operation")
	}
}
