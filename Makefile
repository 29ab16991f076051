# LabShare. Needs Python 3.11 to 3.13 and make; everything else comes into .venv/ and node_modules/.

PYTHON ?= python3
BIN := .venv/bin
# pip is in every environment; uv is only quicker, and used where somebody has it.
UV := $(shell command -v uv 2>/dev/null)
PIP := $(if $(UV),uv pip install --quiet --python $(BIN)/python,$(BIN)/python -m pip install --quiet --disable-pip-version-check)
POT := labshare/translations/messages.pot
EXTRACT := $(BIN)/pybabel -q extract -F babel.cfg -k N_ --no-location --sort-output --omit-header -o

# PORT=8123 make run
ifdef PORT
export LABSHARE_PORT := $(PORT)
endif

# Bare `make` lists what there is.
help:
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# --- set-up: stamps in .venv, so that a second time costs a second -------------------------------------------------

FRONTEND := $(shell find frontend -type f 2>/dev/null) package-lock.json
CATALOGUES := $(wildcard labshare/translations/*/LC_MESSAGES/*.po)

.venv/.made:
	$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14) and "LabShare needs Python 3.11 to 3.13; say PYTHON=python3.12")'
	$(PYTHON) -m venv .venv
	@touch $@

.venv/.run: requirements.lock requirements-build.lock | .venv/.made
	$(PIP) --require-hashes -r requirements.lock -r requirements-build.lock
	@touch $@

# The development lock holds the run-time and build locks too.
.venv/.dev: requirements-dev.lock | .venv/.made
	$(PIP) --require-hashes -r requirements-dev.lock
	@touch $@ .venv/.run

# Nothing is downloaded here: what the build needs came in by hash above.
.venv/.package: pyproject.toml | .venv/.made
	LABSHARE_SKIP_ASSETS=1 $(PIP) --no-deps --no-build-isolation -e .
	@touch $@

.venv/.assets: $(FRONTEND) $(CATALOGUES) hatch_build.py | .venv/.made
	@echo "building the browser files and catalogues"
	@$(BIN)/python hatch_build.py
	@touch $@

# Somebody may have emptied the output; then the stamp is worth nothing.
ifeq ($(wildcard labshare/static/dist/manifest.json),)
.PHONY: .venv/.assets
endif

# Order matters (the packages before what is built with them), also under make -j.
.venv/.package .venv/.assets: | .venv/.run
ready: .venv/.run .venv/.package .venv/.assets
ready-dev: .venv/.dev
	@$(MAKE) --no-print-directory ready

setup: ready-dev ## set up .venv with everything, tests and browser files included
assets: ## rebuild the browser files and catalogues only
	@$(BIN)/python hatch_build.py && touch .venv/.assets

# --- daily work ----------------------------------------------------------------------------------------------------

run: ready ## serve the demonstration laboratory (PORT=8123 make run)
	@exec $(BIN)/labshare serve --demo

# What is compiled is kept, whatever the environment says: two workers and some hundred children would do it anew.
test proof proof-full: export PYTHONDONTWRITEBYTECODE :=
test: ready-dev ## all tests but the proofs
	$(BIN)/pytest -q -n 2 -m "not proof"

# First those that leave a core to another, two at a time, a file and engine each; then those that race sixteen
# processes or measure how long people wait, one after the other.
proof: export LABSHARE_PROOF := reduced
proof-full: export LABSHARE_PROOF := full
proof-full: export LABSHARE_JOURNEYS := all
proof proof-full: ready-dev
	$(BIN)/pytest -n 2 tests/proof -m "proof and beside"
	$(BIN)/pytest tests/proof -m "proof and not beside"
	$(if $(filter proof-full,$@),$(BIN)/pytest -q -n 2 tests/journeys)

proof: ## the six promises under load and faults, reduced counts (at most 12 minutes)
proof-full: ## the six promises at full counts, and every page and journey in every way

lint: ready-dev ## ruff, mypy, and whether every string is translated
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest -q tests/test_translations.py

fix: ready-dev ## let ruff repair and format what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: ready-dev ## run every script in benchmarks/
	@for script in benchmarks/[a-z]*.py; do [ -e "$$script" ] || continue; echo "== $$script"; $(BIN)/python "$$script" || exit 1; done

pictures: ready-dev ## make pictures of the main pages into pictures/, in every language, colour and width
	$(BIN)/python -m tests.journeys.pictures

# --- translations --------------------------------------------------------------------------------------------------

messages: ready-dev ## take new strings into the catalogues, to be translated by hand
	$(EXTRACT) $(POT) labshare
	$(BIN)/pybabel -q update -N --ignore-obsolete -i $(POT) -d labshare/translations --omit-header --no-wrap
	@rm -f $(POT)

# --- locks ---------------------------------------------------------------------------------------------------------

LOCK := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header
lock: ## pin all dependencies anew (needs uv); the files hold hashes and no address
	@command -v uv >/dev/null || { echo "make lock needs uv on PATH"; exit 1; }
	$(LOCK) pyproject.toml -o requirements.lock
	$(LOCK) --group build -c requirements.lock -o requirements-build.lock
	$(LOCK) pyproject.toml --group dev --group build -c requirements.lock -c requirements-build.lock -o requirements-dev.lock
	@! grep -nE '://|file:' requirements*.lock

.PHONY: help ready ready-dev setup assets run test proof proof-full lint fix bench pictures messages lock
