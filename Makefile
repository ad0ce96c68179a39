# `make demo` and `make test` need nothing but Python 3.11 or later: the first
# of them makes the environment in .venv, the next ones find it there.

PYTHON ?= python3
VENV ?= .venv
ARGS ?=

BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --disable-pip-version-check -c constraints.txt
ENV_STAMP := $(VENV)/.installed
DOCS_STAMP := $(VENV)/.installed-docs

.DEFAULT_GOAL := help
.PHONY: help env demo test nightly coverage compat lint format types stubs house docs
.PHONY: dist clean

help:  ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' Makefile

env: $(ENV_STAMP)  ## Make the environment in .venv (the others do it when needed)

# The stamp is younger than what it was made from, so nothing is reinstalled
# until one of the two files changes.
$(ENV_STAMP): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(INSTALL) -e ".[plot,test]"
	@touch $@

$(DOCS_STAMP): $(ENV_STAMP)
	$(INSTALL) -e ".[docs]"
	@touch $@

demo: $(ENV_STAMP)  ## Train on real digits, print scores, write a picture
	$(BIN)/python -m skgan demo $(ARGS)

# A worker a core, and a thread a worker.
test coverage: export OMP_NUM_THREADS ?= 1

test: $(ENV_STAMP)  ## Run the tests and the doctests (ARGS="-k name" for some)
	$(BIN)/python -m pytest $(ARGS)

coverage: $(ENV_STAMP)  ## Run the tests; fail if they leave over 5 % of the code alone
	$(BIN)/python -m pytest --cov $(ARGS)

compat:  ## Run the core tests with the oldest and the newest versions (WHOLE=1: more)
	PYTHON=$(PYTHON) .ci/compat $(ARGS)

nightly: export SKGAN_NIGHTLY = 1
nightly: export OMP_NUM_THREADS ?= 1
nightly: $(ENV_STAMP)  ## Try sixteen times as many random frames as the tests do
	$(BIN)/python -m pytest tests/samplers/test_frame_properties.py $(ARGS)

lint: $(ENV_STAMP)  ## Check style and format
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .

format: $(ENV_STAMP)  ## Mend style and format where that can be done by rule
	$(BIN)/python -m ruff check --fix .
	$(BIN)/python -m ruff format .

types: $(ENV_STAMP)  ## Check the types
	$(BIN)/python -m mypy

stubs: $(ENV_STAMP)  ## Check that the stubs say what is there
	$(BIN)/python -m mypy.stubtest skgan --mypy-config-file .ci/stubs.ini \
		--allowlist .ci/stubs-allowed.txt --ignore-unused-allowlist

house: $(ENV_STAMP)  ## Print the size of each room, and what fit and sample enter
	$(BIN)/python -m benchmarks.lib.house $(ARGS)

docs: $(DOCS_STAMP)  ## Build the documentation, gallery included; warnings are errors
	$(BIN)/python -m sphinx -W --keep-going -b html docs docs/_build/html

dist:  ## Build archive and wheel in dist/, check them, test them (WHOLE=1: all tests)
	PYTHON=$(PYTHON) .ci/dist $(ARGS)

clean:  ## Remove the environment and everything built
	rm -rf $(VENV) build dist htmlcov .coverage .hypothesis
	rm -rf .mypy_cache .pytest_cache .ruff_cache
	rm -rf docs/_build docs/gallery docs/generated
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
