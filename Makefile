# Every command of the project. `make` alone lists them.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.NOTPARALLEL:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PORT ?= 9123
STORE ?= memory

step := @.ci/step
node_test := node --test --test-timeout=900000 --test-reporter=spec
looks := tests/e2e/demo/looks.test.mjs
pkg_flags := $(if $(DEBUG),--debug)
sources := Cargo.toml Cargo.lock $(shell find src pkg-template -type f)

.PHONY: help
help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' Makefile

.PHONY: demo
demo: pkg/index.js ## Serve the demo page and the reference server (PORT=9123, STORE=memory|nats|nats://host:port)
	@.ci/setup rust npm $(if $(filter nats,$(STORE)),nats)
	$(step) "Reference server" cargo build --quiet -p ironflow-server
	@source .ci/env; PORT='$(PORT)' STORE='$(STORE)' node tests/e2e/demo.mjs

.PHONY: check
check: ## Check format and types, and run the quick tests, after an edit (under a minute)
	@.ci/setup rust wasm npm
	$(step) "Rust format" cargo fmt --all --check
	$(step) "Biome" biome check --error-on-warnings --colors=off
	$(step) "Types" tsc --project tests/tsconfig.json
	$(step) "Rust unit tests" cargo test --quiet --lib
	@$(MAKE) --no-print-directory build
	$(step) "The suite in Node, in memory" node tests/e2e/node-suite.mjs

.PHONY: test
test: setup ## Run the tests
	@# Cargo's tests build the reference server too.
	$(step) "Rust tests" cargo test --workspace --exclude ironflow-bench --lib --bins --tests --quiet
	@$(MAKE) --no-print-directory build
	$(step) "Size" node tests/e2e/package/size.mjs
	$(step) "Browser tests" node tests/e2e/browser-suite.mjs --skip server_
	$(step) "End-to-end tests" $(node_test) --test-concurrency=2 tests/types/*.test.mjs tests/release/*.test.mjs tests/e2e/*.test.mjs tests/e2e/boundary/*.test.mjs tests/e2e/package/*.test.mjs $(filter-out $(looks),$(wildcard tests/e2e/demo/*.test.mjs))
	$(step) "Faults under watches" env CHAOS_PHASES=2 CHAOS_ONLY="memory 2, nats 1" $(node_test) --test-concurrency=1 tests/e2e/chaos/*.test.mjs

.PHONY: matrix
matrix: setup pkg/index.js ## Run the longer tests: bundlers, browsers, servers, faults, leaks
	@.ci/setup firefox webkit old-chromium
	$(step) "Reference server" cargo build --quiet -p ironflow-server
	$(step) "Browser tests on servers" node tests/e2e/browser-suite.mjs server_
	$(step) "The suite in other browsers" $(node_test) tests/e2e/engines/*.test.mjs
	$(step) "The package with bundlers" $(node_test) --test-concurrency=1 tests/e2e/packaging/*.test.mjs
	$(step) "The looks of the demo page" $(node_test) $(looks)
	$(step) "The package in a browser" $(node_test) --test-concurrency=1 tests/e2e/matrix/*.test.mjs
	$(step) "More faults under watches" env CHAOS_ONLY="memory 1, nats 2" $(node_test) tests/e2e/chaos/chaos.test.mjs
	@$(MAKE) --no-print-directory bench-check

.PHONY: matrix-all
matrix-all: setup pkg/index.js ## Run the package in all bundlers, frameworks, browsers and runtimes, also rare ones, for make readme
	@.ci/setup firefox webkit old-chromium
	$(step) "Reference server" cargo build --quiet -p ironflow-server
	$(step) "The suite in other browsers, on the server too" env ALL=1 $(node_test) tests/e2e/engines/*.test.mjs
	$(step) "The package everywhere" env ALL=1 $(node_test) tests/e2e/packaging/matrix.test.mjs

.PHONY: readme
readme: pkg/index.js ## Write the sizes and the results of the last make matrix-all into README.md and docs/
	@source .ci/env; node tests/e2e/packaging/table.mjs; node tests/e2e/package/size.mjs --readme

.PHONY: build
build: pkg/index.js ## Build the npm package into pkg/ (DEBUG=1: not minified, with WebAssembly function names)
	@echo "pkg/ is up to date"

pkg/index.js: $(sources) target/pkg-flags
	@.ci/setup rust wasm npm
	$(step) "Package" node pkg-template/build.mjs $(pkg_flags)
	@touch $@

# Written only when the flags change, which triggers a rebuild of the package.
target/pkg-flags: always
	@mkdir -p target
	@cmp --silent $@ <(echo '$(pkg_flags)') || echo '$(pkg_flags)' > $@

.PHONY: always
always:

.PHONY: size
size: pkg/index.js ## Print the size of each entry of the package and check it against its budget
	@.ci/setup npm
	$(step) "Size" node tests/e2e/package/size.mjs

.PHONY: lint
lint: ## Check formatting, lints and types
	@.ci/setup rust npm
	$(step) "Rust format" cargo fmt --all --check
	$(step) "Clippy" cargo clippy --quiet --workspace --all-targets -- -D warnings
	$(step) "Clippy for the browser" cargo clippy --quiet --target wasm32-unknown-unknown -p ironflow-browser --all-targets -- -D warnings
	$(step) "Biome" biome check --error-on-warnings --colors=off
	$(step) "Types" tsc --project tests/tsconfig.json
	$(step) "Types of the demo page" tsc --project tests/tsconfig.www.json

.PHONY: bench
bench: pkg/index.js ## Run the benchmarks and write BENCHMARKS.md (about 12 minutes; PARTS="cpu frames" selects, QUICK=1 shortens)
	@.ci/setup rust npm browser nats
	$(step) "Servers and benchmarks" bash -c 'cargo build --quiet --release -p ironflow-server -p ironflow-bench && cargo bench --quiet --no-run -p ironflow-server --bench load'
	$(step) "Benchmarks" node tests/bench/run.mjs $(PARTS)
	$(step) "Report" node tests/bench/report.mjs

.PHONY: bench-check
bench-check: pkg/index.js ## Check instructions and bytes against tests/bench/record.json (bench-record updates it)
	@.ci/setup rust npm valgrind
	$(step) "Instructions" cargo build --quiet --profile count -p ironflow-bench
	$(step) "Instructions and bytes" node tests/bench/check.mjs

.PHONY: bench-record
bench-record: pkg/index.js ## Record the current instructions and bytes in tests/bench/record.json
	@.ci/setup rust npm valgrind
	$(step) "Instructions" cargo build --quiet --profile count -p ironflow-bench
	$(step) "Instructions and bytes" node tests/bench/check.mjs --record

.PHONY: docs
docs: pkg/index.js ## Generate the API reference into target/docs (make demo serves it at /docs/)
	$(step) "TypeDoc" npm ci --prefix tests/api-docs --no-audit --no-fund --loglevel=error
	$(step) "API reference" tests/api-docs/node_modules/.bin/typedoc --options tests/api-docs/typedoc.json

.PHONY: pictures
pictures: setup pkg/index.js ## Take the screenshots of the demo page
	$(step) "Reference server" cargo build --quiet -p ironflow-server
	$(step) "Pictures" env PICTURES=www/pictures $(node_test) --test-name-pattern=picture $(looks)

.PHONY: conformance
conformance: ## Print which protocol rule holds on which backend
	@.ci/setup
	$(step) "Conformance" bash -o pipefail -c "{ cargo test --workspace --test '*conformance' --no-fail-fast; node tests/e2e/browser-suite.mjs memory::rule_; } | node tests/conformance/table.mjs"

.PHONY: soak
soak: pkg/index.js ## Run the long versions of the randomized tests and the tests that crash NATS servers (some hours)
	@.ci/setup rust npm browser firefox nats
	$(step) "Differential tests" env IRONFLOW_SEQUENCES=100000 cargo test --workspace --test differential
	$(step) "Linearizability" env IRONFLOW_HISTORIES=1000 cargo test --workspace --test linearizability
	$(step) "Hostile clients" env IRONFLOW_INPUTS=20000 cargo test --workspace --test hostile -- --include-ignored
	$(step) "Hostile input" env IRONFLOW_INPUTS=100000 cargo test --workspace --test hostile_input
	$(step) "Hostile answers" env IRONFLOW_INPUTS=30000 node --test --test-reporter=spec tests/e2e/hostile-answers.test.mjs tests/e2e/hostile-frames.test.mjs
	$(step) "Promises of a watch" env IRONFLOW_INTERLEAVINGS=1000000 cargo test --release --lib promises
	$(step) "Outbox in browsers" $(node_test) --test-concurrency=1 tests/e2e/soak/outbox.test.mjs
	$(step) "What a reconnect reads of 10,000 keys" env IRONFLOW_KEYS=10000 $(node_test) tests/e2e/list-order.test.mjs
	$(step) "A watch and a view of 100,000 keys" $(node_test) tests/e2e/soak/large-watch.test.mjs
	$(step) "Heartbeats without a false alarm" node --test --test-reporter=spec tests/e2e/soak/heartbeat.test.mjs
	$(step) "1,000 faults of each version under watches" env CHAOS_FAULTS=1000 node --test --test-reporter=spec tests/e2e/chaos/chaos.test.mjs
	$(step) "Crashes of NATS" env IRONFLOW_FAULTS=10 cargo test --workspace --test faults -- --include-ignored

.PHONY: release-check
release-check: test ## Check whether the commit can be released; leaves its tarball in target/release-check/
	$(step) "Release" node tests/release/check.mjs

.PHONY: setup
setup: ## Install all missing tools
	@.ci/setup

.PHONY: clean
clean: ## Remove build output (keeps the tools)
	rm -rf target pkg tests/node_modules
