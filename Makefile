# Two commands do everything on a fresh machine with Python ≥ 3.11: make demo, make test.

PYTHON ?= $(shell for p in python3.14 python3.13 python3.12 python3.11 python3; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help demo run test coverage check format bench bench-burst bench-hub lock chaos schema clean

help:             ## Show this
	@grep -E '^[a-z-]+: .*##|^[a-z-]+:  +##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

demo: $(VENV)/.run              ## Ask /customer on invented customers; make demo ONCE=1 ends by itself
	@$(BIN)/python -m bot demo $(if $(ONCE),--once)

run: $(VENV)/.run               ## Run the service with the settings of the environment or .env
	@$(BIN)/python -m bot run

test: $(VENV)/.dev              ## Run the tests
	$(BIN)/python -m pytest

coverage: $(VENV)/.dev          ## Run the tests with branch coverage, which takes a third longer
	$(BIN)/python -m pytest --cov --cov-report=term

check: $(VENV)/.dev             ## Format, lint, strict types, import rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.dev            ## Format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/.dev             ## Measure this service beside the app everyone writes and bare Bolt, in one run (8 minutes)
	@$(BIN)/python -m tests.bench

bench-burst: $(VENV)/.dev       ## A thousand agents at once; 500 customers against a quota; four replicas (2 minutes)
	@$(BIN)/python -m tests.bench.burst

bench-hub: $(VENV)/.dev         ## The embedded hub with up to a million customers and ten million events (half an hour, 12 GB of disk)
	@$(BIN)/python -m tests.bench.hub

chaos: $(VENV)/.dev             ## Keep asking while faults come and go (7 minutes; QUICK=1 takes two)
	@$(BIN)/python -m tests.chaos

schema: $(VENV)/.run            ## Write docs/customer.schema.json anew
	$(BIN)/python -m bot schema > docs/customer.schema.json

lock: $(VENV)/.dev              ## Choose the newest versions and lock them with hashes (needs uv)
	uv pip compile --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header --quiet pyproject.toml -o requirements.lock
	uv pip compile --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header --quiet --group dev pyproject.toml -o requirements-dev.lock

clean:            ## Remove what was set up
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage

# Stock Debian ships Python without ensurepip (package python3-venv); then the system's pip fills the environment, if there is one.
$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "No Python 3.11 or newer was found. Install one, or say which: make PYTHON=/path/to/python3"; exit 2; }
	@$(PYTHON) -m venv $(VENV) >/dev/null 2>&1 \
		|| { rm -rf $(VENV); $(PYTHON) -m venv --without-pip $(VENV) && $(PYTHON) -m pip --python $(BIN)/python install --quiet pip 2>/dev/null; } \
		|| { command -v uv >/dev/null 2>&1 && rm -rf $(VENV) && uv venv --quiet --seed --python $(PYTHON) $(VENV); } \
		|| { rm -rf $(VENV); echo "$(PYTHON) can't make a virtual environment. On Debian and Ubuntu: apt install python3-venv"; exit 2; }

$(VENV)/.run: requirements.lock | $(BIN)/python
	@echo "Setting up (once) …"
	@$(PIP) --require-hashes -r requirements.lock
	@touch $@

$(VENV)/.dev: requirements-dev.lock pyproject.toml | $(BIN)/python
	@echo "Setting up for development (once) …"
	@$(PIP) --require-hashes -r requirements-dev.lock
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@ $(VENV)/.run
