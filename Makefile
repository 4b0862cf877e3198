# What to run is listed by `make help`. Everything here needs Go, gcc, git and
# make; only `guests` needs more.

GO       ?= go
FUZZTIME ?= 30s
BENCH    ?= .
DURATION ?= 10m

# Packages where goroutines meet: they are tested under the race detector too.
RACE := ./actors/... ./supervision ./chain/... ./wasm ./cli ./cli/top

# The packages with files that are built for guests alone.
GUEST := ./wasm/guest ./wasm/guest/message ./wasm/guest/supervisor ./wasm/guest/internal/...

# The systems besides this one that must build.
SYSTEMS := darwin windows

STATICCHECK := $(GO) tool -modfile=.ci/tools/go.mod staticcheck
BUF         := cd proto && $(GO) tool -modfile=../.ci/tools/proto/go.mod buf

.DEFAULT_GOAL := help
.PHONY: help build test check format vet staticcheck tidy systems generated proto breaking client bench fuzz soak-chain guests clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 14

# The tag leaves out a Markdown parser of the flag library, which every start would wait for.
build: ## build bin/theater
	CGO_ENABLED=0 $(GO) build -trimpath -tags urfave_cli_no_docs -o bin/theater ./cli/theater

test: ## run every test, and those where goroutines meet under the race detector
	$(GO) test -timeout 4m ./...
	$(GO) test -timeout 8m -race $(RACE)

check: format vet staticcheck tidy systems generated breaking ## everything but the tests that must hold before a commit

format: ## gofmt has nothing to say
	@echo "gofmt -l"
	@files="$$(gofmt -l $$(git ls-files --cached --others --exclude-standard '*.go' | while read -r f; do [ ! -f "$$f" ] || echo "$$f"; done))"; \
	if [ -n "$$files" ]; then echo "not formatted:"; echo "$$files"; exit 1; fi

vet: ## go vet, for this system and for the guests' one
	$(GO) vet ./...
	GOOS=wasip1 GOARCH=wasm $(GO) vet $(GUEST)

staticcheck: ## staticcheck, at the version of .ci/tools
	$(STATICCHECK) ./...

tidy: ## go.mod and go.sum say what is used
	$(GO) mod tidy -diff

systems: ## the other systems build
	@set -e; for os in $(SYSTEMS); do echo "GOOS=$$os $(GO) build ./..."; GOOS=$$os $(GO) build ./...; done

generated: ## what is generated is as it is written down
	@set -e; before="$$(.ci/tree)"; \
	echo "$(GO) test ./actors/manifest ./actors/node -update"; $(GO) test ./actors/manifest ./actors/node -update; \
	$(MAKE) --no-print-directory proto; \
	if [ "$$before" != "$$(.ci/tree)" ]; then echo "generated files are out of date; commit this:"; git status --short; exit 1; fi

proto: ## generate the Go of proto/
	$(BUF) lint
	$(BUF) generate

breaking: ## no change of proto/ breaks the clients of proto/stable.binpb
	$(BUF) breaking --against stable.binpb

bench: ## run the benchmarks (BENCH=regexp) and theater bench
	$(GO) test -run '^$$' -bench '$(BENCH)' -benchmem ./...
	$(GO) run ./cli/theater bench

fuzz: ## run every fuzz target for FUZZTIME each
	@GO='$(GO)' .ci/fuzz '$(FUZZTIME)'

soak-chain: ## the chain store for DURATION: appends, reads, tails, kills; then 100 kills in each mode and 10 million events
	$(GO) test -v -timeout 0 ./chain/badgerlog -run 'TestSoak' -soak '$(DURATION)'
	$(GO) test -v -timeout 0 ./chain/badgerlog -run 'ByAKill|BoundedInMemory' -full

client: ## drive a node with a generated JavaScript client and with curl (needs Node, curl)
	.ci/client/run

guests: ## rebuild the committed test guests (needs clang and Rust)
	$(MAKE) -C wasm/testdata/guests

clean: ## remove what was built
	rm -rf bin
	git clean -fqX -- examples
