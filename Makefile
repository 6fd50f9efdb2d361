# The words of this project. Each installs what it needs first; `make` explains.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory --no-builtin-rules

BIN := .venv/bin
ARGS ?=
JOBS ?= auto

.PHONY: help install dev run test check fix bench docs lock services clean

help: ## what the words are
	@echo "Postwarden. First steps:"
	@echo
	@echo "    make install    then .venv/bin/postwarden --help"
	@echo "    make run        a demo with mail in it, on this machine only"
	@echo
	@echo "All words (ARGS=... is handed on, as in: make test ARGS='-k lmtp'):"
	@echo
	@sed -n 's/^\([a-z]*\):[^#]*## \(.*\)/    make \1	\2/p' Makefile | expand -t 20

install: .venv/.runtime ## .venv with the locked dependencies and postwarden
	@echo "ready: $(BIN)/postwarden"

dev: .venv/.dev ## the same, with the tools that test and check need
	@echo "ready: $(BIN)"

run: .venv/.runtime ## start the demo
	$(BIN)/postwarden demo $(ARGS)

test: .venv/.dev ## run the tests, JOBS at a time (JOBS=0: in one process)
	$(BIN)/pytest -q -n $(JOBS) $(ARGS)

check: .venv/.dev ## formatting, lint, types, layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/pyright
	$(BIN)/lint-imports

fix: .venv/.dev ## format, and mend what lint can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: .venv/.dev ## measure (ARGS names what; none lists it)
	$(BIN)/python -m bench $(ARGS)

docs: .venv/.dev ## write the generated pages (ARGS=--check compares only)
	$(BIN)/python -m scripts.generate_docs $(ARGS)

lock: ## write locks/ from pyproject.toml (UPGRADE=1: newer versions)
	scripts/environment lock

services: ## install the programs that tests talk to (Debian, root)
	scripts/services

clean: ## remove environments and caches
	rm -rf .venv .tools .mypy_cache .ruff_cache .pytest_cache .hypothesis \
	    .import_linter_cache .coverage build dist

.venv/.runtime: pyproject.toml locks/runtime.txt locks/build.txt
	@scripts/environment runtime

.venv/.dev: pyproject.toml locks/dev.txt locks/build.txt
	@scripts/environment dev
