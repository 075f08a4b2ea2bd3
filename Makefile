# Every target sets itself up: it needs Python 3.11, git and make, and a package index that pip can reach.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# the first of these that is Python 3.11; or say `make PYTHON=/path/to/python3.11 ...`
PYTHON ?= $(shell for python in python3.11 python3 python; do \
	if $$python -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; \
	then command -v $$python; break; fi; done)
BIN := .venv/bin
NETWORK ?= demo-network
# More than cores: some tests wait for a server, a browser or a lock.
TEST_WORKERS ?= 3
TESTS ?=
BENCH ?= --quick
# Tests write much and keep nothing: in memory, where there is room for it (in MB); PostgreSQL's data too.
ROOM := 1500
SHM_FREE := $(shell test -w /dev/shm && df -Pm /dev/shm 2>/dev/null | awk 'NR == 2 { print $$4 }')
TEST_TMPDIR ?= $(shell test "$(SHM_FREE)" -ge $(ROOM) 2>/dev/null && echo /dev/shm || echo "$${TMPDIR:-/tmp}")
# A file of tests goes to one worker, so that what its tests share is made once; the long ones first (tests/conftest.py).
# What is compiled is kept, whatever the shell says of bytecode: each worker, and each process of a test, would do it anew.
PYTEST = PYTHONDONTWRITEBYTECODE= TMPDIR=$(TEST_TMPDIR) POLARS_MAX_THREADS=1 $(BIN)/python -m pytest -n $(TEST_WORKERS) --dist loadfile --no-loadscope-reorder

.PHONY: help demo pages dev bench test test-long browser lint check format catalogues lock clean

help:  ## this list
	@sed -n 's/^\([a-z-]*\): .*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | while IFS=$$'\t' read -r target text; \
	do printf '  make %-10s %s\n' "$$target" "$$text"; done

demo: .venv/.installed  ## make a network of sites in demo-network/, let people work, sync it, and pull a plug
	@$(BIN)/supplysync demo $(NETWORK)

pages: .venv/.installed  ## the pages of demo-network/ (make demo first)
	@$(BIN)/supplysync dashboard -C $(NETWORK)

dev: .venv/.installed  ## Dagster's pages and daemon for demo-network/ (make demo first)
	@$(BIN)/supplysync dev -C $(NETWORK)

bench: .venv/.installed  ## how far stages are from the machine's limit, in two minutes; BENCH= for all, in an hour
	@$(BIN)/python -m bench $(BENCH)

test: .venv/.installed browser  ## the tests, on both engines, but for the long ones; TESTS="tests/sites -k name" picks some
	@$(PYTEST) -m "not long" $(TESTS)

test-long: .venv/.installed browser  ## the tests marked `long`: random networks, further constellations; SUPPLYSYNC_SEEDS=all for all seeds
	@$(PYTEST) -m long $(TESTS)

# Nothing is done, and no time spent, where one is installed; without any, tests do not run.
browser: .venv/.installed  ## a browser for the tests of the pages, installed if there is none
	@command -v chromium chromium-browser google-chrome >/dev/null || $(BIN)/python -m tests.dashboard.browser

lint: .venv/.installed  ## form, style and types
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy

check: lint test  ## what a change must pass: form, style, types, tests

format: .venv/.installed  ## put the code in form
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

catalogues: .venv/.installed  ## bring the pages' translations to what code and templates say now
	@$(BIN)/python -m dashboard.languages.catalogue

# The lock names versions and hashes, never a place to get them from: that is the machine's own affair.
lock: .venv/.installed  ## renew requirements.lock from the ranges in pyproject.toml
	@$(BIN)/uv pip compile --system-certs --quiet --upgrade --universal --python-version 3.11 --all-extras --generate-hashes --no-strip-extras \
		--no-header --no-annotate -o requirements.lock pyproject.toml
	@! grep -nE '://|^-' requirements.lock

clean:  ## remove the environment and caches, not the demo network
	@rm -rf .venv build ./*.egg-info .pytest_cache .mypy_cache .ruff_cache
	@find . -name __pycache__ -prune -exec rm -rf {} +

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 was not found; install it, or say: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@echo "making .venv with $(PYTHON)" >&2
	@# Debian's Python may come without ensurepip, and its own pip may not install outside an environment.
	@if $(PYTHON) -c 'import ensurepip' 2>/dev/null && $(PYTHON) -m venv --clear .venv >/dev/null; then exit 0; fi; \
	if $(PYTHON) -m pip --version >/dev/null 2>&1 && $(PYTHON) -m venv --clear --without-pip .venv \
		&& $(PYTHON) -m pip --python .venv/bin/python install --quiet pip; then exit 0; fi; \
	rm -rf .venv; \
	echo "$(PYTHON) has neither ensurepip nor pip: install one (on Debian: apt-get install python3.11-venv)" >&2; \
	exit 1

.venv/.installed: requirements.lock pyproject.toml | .venv/bin/python
	@echo "installing what requirements.lock names" >&2
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@
