# All doors of the project. `make help` lists them.
.DEFAULT_GOAL := help
.PHONY: help setup environment test-environment run test lint type notebooks bench read clean soak lock

# The Python that made .venv stays its Python, until another one is named.
PYTHON ?= $(shell [ -x .venv/bin/python ] && echo .venv/bin/python || echo python3)
UV ?= uv
ARGUMENTS ?=
# Files of tests that run at a time: most tests wait for servers rather than for a core.
TOGETHER ?= 2
VENV := .venv/bin
PROFILE ?= standard

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/\1\t\2/' \
		| while IFS="$$(printf '\t')" read -r name text; do printf '  %-10s %s\n' "$$name" "$$text"; done

setup: environment ## Make .venv and fetch Java, Kafka, Redis, Nginx into the checkout; no root needed
	@$(VENV)/eureke setup

environment:
	@$(PYTHON) bootstrap.py requirements.lock

test-environment:
	@$(PYTHON) bootstrap.py requirements-test.lock
	@$(VENV)/eureke setup

run: setup ## Send the hourly million and report: PROFILE=smoke|standard|full, ARGUMENTS="-p count=20000"
	@$(VENV)/eureke run 07-hourly-million --profile $(PROFILE) $(ARGUMENTS)

test: test-environment ## Run every test, with lint and types: ARGUMENTS="-k ledger"
	@$(VENV)/python -m pytest -n $(TOGETHER) --dist loadfile $(ARGUMENTS)

soak: test-environment ## Run the tests that take long
	@$(VENV)/python -m pytest -m soak $(ARGUMENTS)

lint: test-environment ## Check style, layers and that notebooks carry no output
	@$(VENV)/python -m pytest -q tests/test_lint.py -k 'not types'

type: test-environment ## Check types
	@$(VENV)/python -m pytest -q tests/test_lint.py -k types

notebooks: test-environment ## Run every notebook small, as the tests do
	@$(VENV)/python -m pytest tests/notebooks $(ARGUMENTS)

bench: setup ## Measure the hourly million five times: ARGUMENTS="benchmarks/outages.toml" for another
	@$(VENV)/eureke bench $(or $(ARGUMENTS),benchmarks/hourly-million.toml --repeat 5)

read: setup ## Write docs/read/ anew from the newest result
	@$(VENV)/eureke read $(ARGUMENTS)

clean: ## End what was left running and remove what was made, but for results and downloads
	@if [ -x $(VENV)/eureke ]; then $(VENV)/eureke clean; fi
	@rm -rf build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

lock: ## Resolve the dependencies anew, with uv on PATH
	@for each in "requirements.lock pyproject.toml" \
		"requirements-test.lock --extra test -c requirements.lock pyproject.toml" \
		"requirements-build.lock --group build -c requirements-test.lock" \
		"deploy/requirements.lock --group image -c requirements.lock"; do set -- $$each; out=$$1; shift; \
		$(UV) pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
			--no-header --no-annotate "$$@" -o "$$out" || exit 1; done
