package main

import "testing"

func TestNoValueIsAFormulaInASpreadsheet(t *testing.T) {
	for value, want := range map[string]string{
		"": "", "Ахметова": "Ахметова", "+77012345678": "+77012345678", "=1+1": "'=1+1", "@SUM(A1)": "'@SUM(A1)",
		"-1": "'-1", "+cmd|' /C calc'!A0": "'+cmd|' /C calc'!A0", "\t=1": "'\t=1",
	} {
		equal(t, value, cell(value), want)
	}
}
