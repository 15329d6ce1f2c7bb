// Command kelisim is the privacy vault: the process, and the only package
// that knows every adapter.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// version is set when the program is built.
var version = "dev"

// cli is the command line. Settings are environment variables, so that one
// file of them serves every command; flags are for what one call wants.
type cli struct {
	Serve       serveCommand       `cmd:"" help:"Serve the API. Needs VAULT_ADDR, or --keyring, or --dev."`
	Migrate     migrateCommand     `cmd:"" help:"Bring the database's schema up to this program's."`
	App         appCommand         `cmd:"" help:"Apps: apply."`
	Policy      policyCommand      `cmd:"" help:"Policies as folders: lint, import, export, publish, list."`
	Audit       auditCommand       `cmd:"" help:"The audit log: export."`
	Report      reportCommand      `cmd:"" help:"Reports: access, operator."`
	Rewrap      rewrapCommand      `cmd:"" help:"After a rotation: move stored values to the newest version of their key."`
	Erase       eraseCommand       `cmd:"" help:"Who was erased: replay, after a restore."`
	Retention   retentionCommand   `cmd:"" help:"Erase what may be kept no longer, and warn of what soon will be."`
	Doctor      doctorCommand      `cmd:"" help:"Name every insecure setting, and what to do about it."`
	Keys        keysCommand        `cmd:"" help:"The keys: how they stand; retire, trim, rotate, export, import."`
	Backup      backupCommand      `cmd:"" help:"Copies of data and of keys that exist: declare, list, expire."`
	Reindex     reindexCommand     `cmd:"" help:"After a rotation of the index key: have people found under its newest version."`
	Vault       vaultCommand       `cmd:"" help:"HashiCorp Vault: setup."`
	Dev         devCommand         `cmd:"" help:"Development: token."`
	Healthcheck healthcheckCommand `cmd:"" help:"Ask a running server whether it is alive; for containers."`
	Version     versionCommand     `cmd:"" help:"Print the version."`
}

// process is what a command gets from the outside.
type process struct {
	ctx context.Context //nolint:containedctx // a command lives as long as the process
	environment
	in       io.Reader
	out, err io.Writer
	product  io.Writer // where a job writes the file that it makes; nil: it makes none
	host     *host     // the running server that carries the job out; nil: there is none
}

func main() { os.Exit(execute(os.Args[1:])) }

// execute runs one command, which ends early when the process is told to.
func execute(args []string) (status int) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // whoever asks twice does not want to wait
	p := &process{ctx: ctx, environment: systemEnvironment(), in: os.Stdin, out: os.Stdout, err: os.Stderr}
	return run(p, args)
}

// run carries out one command and answers the exit status: 0 done, 1 it
// failed, 2 it was called wrongly.
func run(p *process, args []string) (status int) {
	failed := 0
	if len(args) == 0 {
		args, failed = []string{"--help"}, 2
	}
	exit := func(code int) { status = max(code, failed); panic(exited{}) }
	parser, err := p.parser(exit)
	if err != nil {
		_, _ = fmt.Fprintln(p.err, "kelisim:", err)
		return 2
	}
	defer func() {
		if r := recover(); r != nil {
			if _, ok := r.(exited); !ok {
				panic(r)
			}
		}
	}()
	command, err := parser.Parse(args)
	if err != nil {
		_, _ = fmt.Fprintf(p.err, "kelisim: %v; see %s --help\n", err, asked(err))
		return 2
	}
	if j, name, ok := jobOf(command.Selected()); ok {
		err = p.carryOut(j, name)
	} else {
		err = command.Run(p)
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		_, _ = fmt.Fprintln(p.err, "kelisim:", err)
		return 1
	}
	return 0
}

// parser reads the command line.
func (p *process) parser(exit func(status int)) (*kong.Kong, error) {
	return kong.New(&cli{},
		kong.Name("kelisim"),
		kong.Description("A privacy vault with a GraphQL API.\n\nSettings are environment variables; docs/operations.md lists them."),
		kong.ConfigureHelp(kong.HelpOptions{WrapUpperBound: 100}), kong.Writers(p.out, p.err), kong.Exit(exit), kong.Bind(p))
}

// asked is the command whose help tells more about a wrong call.
func asked(err error) string {
	var wrong *kong.ParseError
	if errors.As(err, &wrong) && wrong.Context.Selected() != nil {
		return wrong.Context.Selected().FullPath()
	}
	return "kelisim"
}

// exited unwinds from kong's own exits (--help) to run.
type exited struct{}

type versionCommand struct{}

// Run prints the version.
func (versionCommand) Run(p *process) error {
	_, err := fmt.Fprintln(p.out, version)
	return err
}
