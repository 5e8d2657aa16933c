# Everything runs inside .venv; nothing needs root and nothing is installed outside this folder.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
USER_STAMP := $(VENV)/.user
DEV_STAMP := $(VENV)/.dev

.PHONY: demo test check coverage soak clean

# A user's demo installs what a user needs; checks and tests install more.
demo: $(USER_STAMP)
	@$(BIN)/workbench demo

test: $(DEV_STAMP)
	@$(BIN)/python -m pytest

check: $(DEV_STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The protocol is pure: its own tests alone reach every branch of it.
coverage: $(DEV_STAMP)
	@$(BIN)/python -m coverage erase
	@$(BIN)/python -m coverage run -m pytest -q tests/protocol
	@$(BIN)/python -m coverage combine -q
	@$(BIN)/python -m coverage report --include='workbench/protocol/*' --fail-under=100

# Half an hour of sessions with random faults; SOAK_MINUTES bounds it.
soak: $(DEV_STAMP)
	@$(BIN)/python benchmarks/soak.py

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage .coverage.*

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed, this is " + sys.version.split()[0] + "; call: make PYTHON=python3.11 ...")'
	@$(PYTHON) -m venv $(VENV)

$(USER_STAMP): pyproject.toml | $(BIN)/python
	@echo "Setting up $(VENV) (once; about a minute) ..."
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --editable '.[app,load]'
	@touch $(USER_STAMP)

$(DEV_STAMP): pyproject.toml | $(BIN)/python
	@echo "Setting up $(VENV) for checks and tests (once; about two minutes) ..."
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --editable '.[dev]'
	@touch $(DEV_STAMP) $(USER_STAMP)
