# Everything one does with this repository. `make` alone prints the verbs.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
CACHE   := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/kelisim
FUZZTIME ?= 10s

LINT_VERSION := 2.15.0
LINT := $(CACHE)/golangci-lint-$(LINT_VERSION)/golangci-lint

.PHONY: help
help: ## print these verbs
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

.PHONY: run
run: build ## build, then serve with embedded defaults and demo data (KELISIM_ADDR, KELISIM_DATA move it)
	@exec bin/kelisim serve --dev

.PHONY: build
build: ## build bin/kelisim, one static program
	@CGO_ENABLED=0 go build -buildvcs=false -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o bin/kelisim ./server

.PHONY: test
test: servers ## run every test, on real servers, and name the back ends that ran
	@tools/test

.PHONY: race
race: servers ## run every test under the race detector (needs a C compiler)
	@CGO_ENABLED=1 go test -count=1 -timeout=60m -race ./...

.PHONY: fuzz
fuzz: servers ## run each fuzz target for FUZZTIME (10s)
	@tools/fuzz $(FUZZTIME)

.PHONY: drill
drill: servers ## make the faults of docs/operations.md on real servers, and see it heal; takes about 5 minutes
	@go test -count=1 -tags=drill -run '^TestDrill' -timeout=30m -v ./server

.PHONY: edge
edge: build schema client ## look at bin/kelisim's API with the tools of clients: audit, linters, the example client
	@tools/edge served

.PHONY: schema
schema: ## check how schema.graphqls is written, and that nothing breaks clients undeclared
	@tools/edge schema

.PHONY: client
client: ## check the app's operations in examples/mobile, and compile the example client
	@tools/edge client

.PHONY: manifest
manifest: ## write examples/mobile/manifest.json anew from the operations beside it
	@tools/edge manifest

.PHONY: release-schema
release-schema: ## remember schema.graphqls as what clients were released against
	@tools/edge release

.PHONY: bench
bench: servers ## print the ratios: batched, coalesced and gated against not; rewrap and its memory. Some five minutes
	@go test -count=1 -tags=bench -run '^TestRatios' -v ./server

.PHONY: generate
generate: ## write graph/generated anew from schema.graphqls, and deploy/vault/setup.sh from the policies
	@go generate ./graph
	@script=$$(env -i PATH="$$PATH" HOME="$$HOME" go run ./server vault setup --dry-run) && \
		printf '%s\n' "$$script" >deploy/vault/setup.sh

.PHONY: generated-check
generated-check: ## fail when generating would change anything
	@tools/unchanged graph/generated $(MAKE) generate

.PHONY: lint
lint: $(LINT) ## run every linter; the import arrows of ARCHITECTURE.md are among them
	@$(LINT) run ./...

# golangci-lint asks to be built, not required: its own requirements must not
# touch ours. GOFLAGS of this machine must not change what is built.
$(LINT):
	@echo "lint: building golangci-lint $(LINT_VERSION) into $(@D); the first time this takes some minutes"
	@GOFLAGS= GOWORK=off GOBIN=$(@D) go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v$(LINT_VERSION)

.PHONY: format
format: $(LINT) ## format the code as the linters want it
	@$(LINT) fmt ./...

.PHONY: servers
servers: ## install what the tests need: PostgreSQL, Redis, HashiCorp Vault, Chromium
	@tools/servers install

.PHONY: check
check: generated-check lint test ## what has to pass before a change is handed in

.PHONY: clean
clean: ## remove what was built; KELISIM_DATA stays
	@rm -rf bin
