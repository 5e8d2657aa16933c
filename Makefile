# Everything runs inside .venv; nothing needs root and nothing is installed outside this folder.
PYTHON ?= python3
# Compiled modules are kept even where the environment says otherwise: tests start hundreds of processes, and a third of
# what a short one does would be to compile what the one before it compiled.
unexport PYTHONDONTWRITEBYTECODE
VENV := .venv
BIN := $(VENV)/bin
USER_STAMP := $(VENV)/.user
DEV_STAMP := $(VENV)/.dev

.PHONY: demo docs test test-all check coverage coverage-all bench soak mutations fuzz audit security sbom screenshots recording clean

# A user's demo installs what a user needs; checks and tests install more.
demo: $(USER_STAMP)
	@$(BIN)/workbench demo

# Tests wait a third of their time: two at a time for each core, the longest files first (tests/conftest.py).
WORKERS ?= $(shell $(BIN)/python -c "from workbench.simulator.local import usable_cores; print(2 * usable_cores())")
BESIDE = -n $(WORKERS) --dist loadfile --no-loadscope-reorder

# What needs no browser and no more than seconds of real time, under five minutes on two cores. None of it judges time, so
# that it is green on a machine that is busy.
test: $(DEV_STAMP)
	@$(BIN)/python -m pytest -q $(BESIDE) -m "not slow and not timing and not browser and not soak"

# All the rest: long waits, whole notebooks and the browser several at a time, then, with the machine to itself, what judges
# time.
test-all: $(DEV_STAMP)
	@failed=0; \
	$(BIN)/python -m pytest -q $(BESIDE) -m "(slow or browser) and not timing and not soak" || failed=1; \
	$(BIN)/python -m pytest -q -m "timing and not soak" || failed=1; \
	exit $$failed

check: $(DEV_STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tests.documentation.words
	@if $(BIN)/python -c "import material, mkdocstrings" 2>/dev/null; then $(BIN)/python -m mkdocs build --strict -q; \
	else echo "site: mkdocs is not installed (extra docs), its strict build is skipped"; fi

# The documentation as a site, in .site: strict, so that a link that leads nowhere fails it. Nothing on it is loaded from
# elsewhere; open .site/README.html or index.html from the folder.
docs: $(DEV_STAMP)
	@$(BIN)/python -c "import material, mkdocstrings" 2>/dev/null || $(BIN)/python -m pip install -q -e ".[docs]"
	$(BIN)/python -m mkdocs build --strict

# The protocol is pure: its own tests alone reach every branch of it.
coverage: $(DEV_STAMP)
	@$(BIN)/python -m coverage erase
	@$(BIN)/python -m coverage run -m pytest -q tests/protocol
	@$(BIN)/python -m coverage combine -q
	@$(BIN)/python -m coverage report --include='workbench/protocol/*' --fail-under=100

# Known vulnerabilities of everything installed, and the list of it (CycloneDX). Both tools live in a folder of their own,
# so that they are not part of what they look at. Not part of check: both need the network.
AUDIT := build/audit
$(AUDIT)/bin/pip-audit:
	@$(PYTHON) -m venv $(AUDIT)
	@$(AUDIT)/bin/python -m pip install -qq --disable-pip-version-check 'pip-audit>=2.7' 'cyclonedx-bom>=5'

$(AUDIT)/bin/bandit: $(AUDIT)/bin/pip-audit
	@$(AUDIT)/bin/python -m pip install -qq --disable-pip-version-check 'bandit>=1.9'
	@touch $@

# Two readers of our own code; every exception stands with its reason in pyproject.toml or on its line.
security: $(DEV_STAMP) $(AUDIT)/bin/bandit
	$(BIN)/ruff check .
	$(AUDIT)/bin/bandit -q -c pyproject.toml -r workbench

audit: $(DEV_STAMP) $(AUDIT)/bin/pip-audit
	@$(AUDIT)/bin/python benchmarks/audit.py $(AUDIT)/bin/pip-audit $$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')

sbom: $(DEV_STAMP) $(AUDIT)/bin/pip-audit
	@$(AUDIT)/bin/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible --of JSON -o build/sbom.json $(BIN)/python
	@echo "build/sbom.json: $$($(BIN)/python -c 'import json; print(len(json.load(open("build/sbom.json"))["components"]))') components"

# Ten million frames, then a minute of atheris for each target where it is installed; FUZZ_FRAMES and FUZZ_SECONDS bound it.
fuzz: $(DEV_STAMP)
	@$(BIN)/python -m tests.fuzz.frames
	@$(BIN)/python -c 'import atheris' 2>/dev/null || echo "atheris is not installed: pip install '.[fuzz]' for coverage-guided fuzzing"
	@! $(BIN)/python -c 'import atheris' 2>/dev/null || for target in server_frames client_frames client_session server_session \
	  rest_answers manifest importers scenarios; do \
	  $(BIN)/python -m tests.fuzz.atheris_run $$target -max_total_time=$${FUZZ_SECONDS:-60} -timeout=10 || exit 1; done

# Every benchmark, under twenty minutes, each figure beside the committed one; Locust lives in a folder of its own because gevent patches everything it meets.
LOCUST := .venv-bench
$(LOCUST)/bin/locust:
	@$(PYTHON) -m venv $(LOCUST)
	@$(LOCUST)/bin/python -m pip install -qq --disable-pip-version-check 'locust>=2.30' 'websocket-client>=1.8'

bench: $(DEV_STAMP) $(LOCUST)/bin/locust
	@$(BIN)/python benchmarks/run_all.py --locust $(LOCUST)/bin/python

# Half an hour of sessions with random faults; SOAK_MINUTES bounds it. One arena and the system's allocator, so that what
# is resident is what is held and not what pools keep for later.
soak: $(DEV_STAMP)
	@MALLOC_ARENA_MAX=1 ARROW_DEFAULT_MEMORY_POOL=system $(BIN)/python benchmarks/soak.py

# Fifty changes of the code, one at a time: do the tests of `make test` notice? SEED draws others.
mutations: $(DEV_STAMP)
	@$(BIN)/python benchmarks/mutations.py --seed $${SEED:-1}

# Pictures of every page, light and dark, wide and narrow, into docs/screenshots/.
screenshots: $(DEV_STAMP)
	@WORKBENCH_SCREENSHOTS=1 $(BIN)/python -m pytest -q tests/app/browser/test_pages.py -k picture

# A minute of the demo, with sound, into docs/demo.webm.
recording: $(DEV_STAMP)
	@WORKBENCH_RECORDING=1 $(BIN)/python -m pytest -q tests/app/browser/test_recording.py

# Everything, by the quick suite. It costs half as much CPU again as the suite itself, so a build does without.
coverage-all: $(DEV_STAMP)
	@$(BIN)/python -m coverage erase
	@$(BIN)/python -m coverage run -m pytest -q -m "not slow and not timing and not browser and not soak"
	@$(BIN)/python -m coverage combine -q
	@$(BIN)/python -m coverage report --fail-under=95

clean:
	rm -rf $(VENV) .venv-bench build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage .coverage.*

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed, this is " + sys.version.split()[0] + "; call: make PYTHON=python3.11 ...")'
	@$(PYTHON) -m venv $(VENV)

$(USER_STAMP): pyproject.toml | $(BIN)/python
	@echo "Installing the workbench and its dependencies into $(VENV) (once; about a minute) ..."
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --editable '.[app,load,whisper]'
	@echo "Installed: $$($(BIN)/python -m pip list --disable-pip-version-check --format=freeze | wc -l) packages, $$(du -sh $(VENV) | cut -f1)"
	@touch $(USER_STAMP)

$(DEV_STAMP): pyproject.toml | $(BIN)/python
	@echo "Installing what checks and tests need into $(VENV) (once; about three minutes) ..."
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --editable '.[dev]'
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --editable '.[meetings]' \
	  || echo "meeteval could not be built, it needs a C++ compiler: tests that compare with it will skip and say so"
	@touch $(DEV_STAMP) $(USER_STAMP)
