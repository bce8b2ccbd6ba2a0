# `make catalog` and `make test` need python3 with venv, and make.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# One worker per processor. The files of the fast tests stay on one worker, so that their databases are built once.
PARALLEL := -n auto --dist loadfile
PARALLEL_SLOW := -n auto --dist worksteal

.PHONY: catalog test test-slow bench release clean

catalog: $(STAMP)
	$(BIN)/saddlery build

# Tests make their own databases in temporary folders; this one stands in for the user's.
test test-slow: export SADDLERY_DB := $(CURDIR)/.test/catalog.sqlite
test test-slow: export XDG_DATA_HOME := $(CURDIR)/.test
test test-slow bench: export OPENBLAS_NUM_THREADS := 1

test: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest $(PARALLEL) -m "not slow"

test-slow: $(STAMP)
	$(BIN)/python -m pytest $(PARALLEL_SLOW) -m slow

bench: $(STAMP)
	$(BIN)/python -m pip install --quiet -e ".[dev,bench]"
	$(BIN)/python benchmarks/bench.py

# The released records, from a database of their own.
release: $(STAMP)
	mkdir -p .release
	$(BIN)/saddlery build --strict --db .release/catalog.sqlite
	$(BIN)/saddlery release -o data/catalog --db .release/catalog.sqlite

clean:
	rm -rf $(VENV) .release .test build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache

$(STAMP): pyproject.toml setup.py
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet -e ".[dev]"
	touch $@
