# GNU make, from 3.81 (macOS) on. Nothing has to be activated: each target uses the environment in .venv, which is made
# when it is missing or the lock has changed.

REVIEW ?= ifi
JOBS ?= 2
ENVIRONMENT = .venv
BIN = $(ENVIRONMENT)/bin

# The environment's own Python where there is one; else the first that starts, is new enough and can make environments.
CANDIDATES = $(BIN)/python python3.11 python3.12 python3.13 python3
ifeq ($(origin PYTHON),undefined)
PYTHON := $(shell for name in $(CANDIDATES); do \
  "$$name" -c 'import sys, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && { echo "$$name"; break; }; \
done)
endif
NEEDS_PYTHON = test -n "$(PYTHON)" || { \
  echo "No Python 3.11 or newer was found; install one, or name it: make PYTHON=/path/to/python3.11" >&2; exit 1; }

# Uncompiled bytecode makes each start three times as slow; the others would mix foreign packages into the environment.
unexport PYTHONDONTWRITEBYTECODE
unexport PYTHONPATH
unexport PYTHONHOME

# One run of pytest: tests and notebooks, the notebooks executed again and compared with their committed outputs.
PYTEST = $(BIN)/python -m pytest -n $(JOBS) --dist loadfile

.DEFAULT_GOAL := help
.PHONY: help environment report test test-all lab lint format bench notebooks soak lock clean

help: ## explain the targets
	@echo "Usage: make TARGET [REVIEW=$(REVIEW)] [PYTHON=python3.12] [JOBS=$(JOBS)]"
	@echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

environment: ## make or refresh .venv from requirements.lock (the other targets do so themselves)
	@$(NEEDS_PYTHON)
	@"$(PYTHON)" tools/environment.py $(ENVIRONMENT)

report: environment ## validate the evidence, run all notebooks, write reports/REVIEW/
	@$(BIN)/synth report $(REVIEW)

test: environment ## every test on this Python; browser tests are skipped where no browser is installed
	$(PYTEST) --nbval --nbval-current-env tests notebooks

test-all: ## everything on Python 3.11; units, notebooks and byte equality on 3.12 and 3.13
	@$(NEEDS_PYTHON)
	@"$(PYTHON)" tools/check_all.py --jobs $(JOBS)

lab: environment ## open the notebooks in JupyterLab
	@cd notebooks && ../$(BIN)/python -m jupyterlab

lint: environment ## ruff (rules and format) and mypy (strict)
	$(BIN)/python -m ruff check
	$(BIN)/python -m ruff format --check
	$(BIN)/python -m mypy

format: environment ## put the code into its standard form
	$(BIN)/python tools/sentence_words.py
	$(BIN)/python -m ruff check --fix
	$(BIN)/python -m ruff format

bench: environment ## time the report against the papermill command, and PubMed XML and the statistics engine against their peers
	$(BIN)/python benchmarks/bench_pipeline.py
	$(BIN)/python benchmarks/bench_pubmed_xml.py
	$(BIN)/python benchmarks/bench_synthesis.py
	$(BIN)/python benchmarks/bench_bayes.py
	$(BIN)/python benchmarks/bench_multilevel.py

notebooks: environment ## run the notebooks and refresh their committed outputs
	$(BIN)/python -m synth.pipeline.refresh

soak: environment ## long fuzz and fault runs (new random examples each time)
	$(PYTEST) --soak --timeout 3600 tests

lock: ## resolve pyproject.toml into requirements.lock; UPGRADE=1 takes the newest versions
	@test -x $(BIN)/uv || $(MAKE) environment
	$(BIN)/uv pip compile pyproject.toml --all-extras --universal --fork-strategy fewest --generate-hashes --no-emit-index-url \
	  --no-header --python-version 3.11 $(if $(UPGRADE),--upgrade) -o requirements.lock

clean: ## remove environments and caches; evidence, replies of PubMed and reports stay
	rm -rf .venv .venv-* .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find src tests tools benchmarks -type d -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true
