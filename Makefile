# Every target works on a fresh clone: it makes .venv and the control plane's binaries when they are missing.
# What is downloaded or built is kept in ${XDG_CACHE_HOME:-~/.cache}/secureml-operator for the next checkout.

SHELL := /bin/bash
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

BIN := .venv/bin
STAMP := .venv/.secureml-stamp
SANDBOX ?=
export SANDBOX
PYTEST ?=
BASE ?=
PARTS ?=
RUNS ?=
WORKSPACES ?=
MODULES ?=
SEEDS ?=
export SEEDS

.PHONY: help
help: ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

$(STAMP): requirements.lock pyproject.toml sandbox/bootstrap.sh
	@sandbox/bootstrap.sh
	@touch $@

.PHONY: env
env: $(STAMP) ## Make the Python environment in .venv

.PHONY: binaries
binaries: $(STAMP) ## Fetch or build etcd, kube-apiserver and kubectl (minutes, once per machine)
	@$(BIN)/python -m secureml_sandbox binaries

.PHONY: demo
demo: $(STAMP) ## Close an open workspace from end to end, on this machine
	@$(BIN)/python -m secureml_sandbox demo

.PHONY: up
up: $(STAMP) ## Start a sandbox; then: . .sandbox/env (SANDBOX=name for a second one)
	@$(BIN)/python -m secureml_sandbox up

.PHONY: down
down: $(STAMP) ## Stop the sandbox
	@$(BIN)/python -m secureml_sandbox down

.PHONY: status
status: $(STAMP) ## Tell what of the sandbox runs
	@$(BIN)/python -m secureml_sandbox status

.PHONY: test
test: binaries ## Run the tests, side by side (PYTEST="-k name" chooses, PYTEST="-n0" takes one at a time)
	$(BIN)/python -m pytest -n logical --maxprocesses 4 --dist worksteal -m "not torture" $(PYTEST)

.PHONY: torture
torture: binaries ## Crash the operator at every point, and run SEEDS schedules (300): some minutes
	$(BIN)/python -m pytest -m torture -n logical --maxprocesses 4 --dist worksteal $(PYTEST)

.PHONY: mutation
mutation: $(STAMP) ## Change the engine line by line and let its unit tests find out (MODULES="ledger readings"): hours
	$(BIN)/python -m tests.mutation $(MODULES)

.PHONY: lint ruff mypy imports
lint: ruff mypy imports ## Check style, formatting, types and the direction of imports

ruff: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

mypy: $(STAMP)
	$(BIN)/mypy

imports: $(STAMP)
	$(BIN)/lint-imports

.PHONY: format
format: $(STAMP) ## Format the code
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

.PHONY: crds
crds: $(STAMP) ## Write crds/ from the models, docs/reasons.md and docs/rules.md from their tables
	$(BIN)/python -m secureml_reconcilers.api
	$(BIN)/python -m secureml_reconcilers.api.reasons_page
	$(BIN)/python -m tests.rules --page

.PHONY: rules
rules: $(STAMP) ## Show what becomes of every isolation rule (RULES_REPORT=file writes it as JSON)
	$(BIN)/python -m tests.rules

.PHONY: bench
bench: binaries ## Measure calls, time and memory (BASE=revision compares; PARTS="latency scale compose", RUNS=3, WORKSPACES=500)
	$(BIN)/python benchmarks/run.py $(PARTS) $(if $(BASE),--base $(BASE)) $(if $(RUNS),--runs $(RUNS)) \
		$(if $(WORKSPACES),--workspaces $(WORKSPACES))

# The locks name no index host on purpose: a company mirror serves them as well, and the hashes still hold.
UV_COMPILE := sandbox/bootstrap.sh --uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header

.PHONY: lock
lock: ## Write requirements.lock and requirements-runtime.lock anew from pyproject.toml
	$(UV_COMPILE) --extra sandbox --group dev pyproject.toml -o requirements.lock
	$(UV_COMPILE) --constraint requirements.lock pyproject.toml -o requirements-runtime.lock

.PHONY: hooks
hooks: $(STAMP) ## Run the checks before each commit
	$(BIN)/pre-commit install
