# One place for every command of the project. `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)

INSTALLED := node_modules/.package-lock.json

.PHONY: help install run test verify bench load chaos generate format e2e cluster-up cluster-down kind-up kind-down $(addprefix verify-,format types lint layers unused kernels generated docs)

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(INSTALLED) ## Install the dependencies of the lock file, Node 24 included

$(INSTALLED): package.json package-lock.json $(wildcard packages/*/package.json services/*/package.json operator/package.json)
	npm ci --no-audit --no-fund --loglevel=error
	@touch $@

run: install ## Start the platform, run the example job, show its progress and result, stay up
	@simfleet up --run examples/european-option.yaml

test: install ## Run everything that can be proved on this machine (about 10 minutes on 2 cores)
	@node hack/install-tools.ts
	@node hack/run-tests.ts

chaos: install ## The slow rounds in full: 50 kills of the platform and 100 rounds on services apart (recorded in docs/chaos.md), every crash point of the stores and the bus
	@SIMFLEET_CHAOS=1 node hack/run-tests.ts --only chaos --only reliability --only storage/test/sqlite --only storage-postgres/test --only storage-mongodb/test --only bus-nats/test --only interleavings

e2e: install ## On a real Kubernetes node, as root: the chart, the example, kills on the way (about 4 minutes, and 4 more to build the node the first time)
	@node hack/install-tools.ts
	@node hack/run-tests.ts --only test/cluster/

cluster-up: install ## A Kubernetes cluster on this machine: by kind where Docker runs, else built and started, with a real node as root
	@node hack/cluster/main.ts up

cluster-down: install ## End it and put the machine back as it was
	@node hack/cluster/main.ts down

kind-up: install ## A cluster by kind alone (needs Docker)
	@node hack/cluster/main.ts up --with kind

kind-down: install ## End it
	@node hack/cluster/main.ts down --with kind

bench: install ## Benchmarks beside their peers: ratios, spread, machine
	@node hack/run-benchmarks.ts

load: install ## Load tests by k6 on two replicas behind one Redis: limits, watchers, every operation, drift (about 4 minutes; ARGS="--help" tells more)
	@node hack/load/main.ts $(ARGS)

generate: install ## Write what is generated: references and the OpenAPI document
	@node hack/generate.ts

format: install ## Format every file
	@prettier --write --log-level warn .

verify: $(addprefix verify-,format types lint layers unused kernels generated docs) ## Format, types, lint, layers, dead code, generated files
	@echo "verify: all checks passed"

verify-format: install
	@prettier --check --log-level warn .

verify-types: install
	@tsc -p .

verify-lint: install
	@eslint --max-warnings 0 .

verify-layers: install
	@depcruise --config .dependency-cruiser.cjs packages services operator test bench hack examples

verify-unused: install
	@knip --no-progress

verify-kernels: install
	@node hack/build-kernels.ts --check

verify-generated: install
	@node hack/generate.ts --check

verify-docs: install
	@node hack/verify-docs.ts
