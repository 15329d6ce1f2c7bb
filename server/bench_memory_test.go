//go:build bench

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// remembering is (e): the largest memory of `kelisim rewrap`, as a process of
// its own, on few rows and on twenty times as many.
func remembering(t *testing.T, out table) {
	const few, many = 10_000, 200_000
	program := filepath.Join(t.TempDir(), "kelisim")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if said, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building: %v: %s", err, said)
	}
	w := onServers(t)
	rows, peaks := 0, map[int]float64{}
	for _, n := range []int{few, many} {
		w.fillFields(n - rows)
		rows = n
		w.rotate(pii)
		rewrap := exec.CommandContext(t.Context(), program, "rewrap")
		rewrap.Env = append(os.Environ(), "KELISIM_DATA="+w.s.Data, "DATABASE_URL="+w.s.DatabaseURL, "VAULT_ADDR="+w.s.VaultAddr,
			"KELISIM_TRANSIT_MOUNT="+w.s.TransitMount, "KELISIM_REWRAP_TOKEN_FILE="+w.s.RewrapLogin.TokenFile)
		if said, err := rewrap.CombinedOutput(); err != nil {
			t.Fatalf("rewrapping %d rows: %v: %s", n, err, said)
		}
		usage, ok := rewrap.ProcessState.SysUsage().(*syscall.Rusage)
		if !ok {
			t.Fatal("this system does not tell what a process used")
		}
		peaks[n] = float64(usage.Maxrss) / (1 << 10) // Linux counts KiB
	}
	out.row(fmt.Sprintf("(e) memory of the job at %d rows / at %d rows", many, few), "-", fmt.Sprintf("%.2f", peaks[many]/peaks[few]), "-", "≤ 1.10",
		fmt.Sprintf("%.1f MiB / %.1f MiB", peaks[many], peaks[few]))
}
