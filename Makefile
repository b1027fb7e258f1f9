# The two commands to know: `make demo` and `make test`.
SHELL := /bin/sh
BIN := .venv/bin
PYTEST := $(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: help install demo start stop test check lint soak identity-check bench bench-peers bench-large screenshots lock clean

help: ## Show this list.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' Makefile

install: ## Build .venv from requirements.lock; nothing outside this folder is touched.
	@plugins/stage_first/install.sh

demo: install ## Environment, embedded Postgres, five look-alike exports in, clients out.
	@$(BIN)/stage-first demo

start: install ## Start the embedded Postgres (or check DATABASE_URL) and bring its schema up to date.
	@$(BIN)/stage-first start

stop: ## Stop the demo's panel and the embedded Postgres; the data stay.
	@$(BIN)/stage-first stop

test: install check ## Everything that CI runs.
	@$(PYTEST)

check: install ## ruff and mypy.
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .
	@$(BIN)/mypy

lint: check ## ruff, mypy, and sqlfluff with its dbt templater.
	@$(BIN)/pytest -q tests/transform/test_style.py

soak: install ## The long forms of the tests.
	@STAGE_FIRST_SOAK=1 $(PYTEST)

identity-check: install ## Resolve the worlds of CASES=<folder> (rules.json, worlds.jsonl) into results.jsonl.
	@$(BIN)/python -m identity_check "$(CASES)"

bench: install ## Ours against COPY and the limits; writes benchmarks/results.json.
	@$(BIN)/python -m benchmarks

bench-peers: install ## Ours against other loaders, in throw-away environments.
	@$(BIN)/python -m benchmarks --peers

bench-large: install ## The first download of all five sources at their typical size, against the sandbox.
	@$(BIN)/python -m benchmarks --large

screenshots: install ## The pictures of the docs, of the demo's panel (run `make demo` before).
	@$(BIN)/python docs/screenshots.py

lock: install ## Resolve pyproject.toml anew into requirements.lock.
	@$(BIN)/uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes \
		--no-annotate --no-header --quiet --output-file requirements.lock

clean: ## Remove the environment (data in .data stay).
	@rm -rf .venv
