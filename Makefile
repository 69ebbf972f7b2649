# Everything there is to run. Each target makes the environment that it needs.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.DEFAULT_GOAL := help
.PHONY: help demo test fuzz lint format bench docs clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /: /'

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check 'pip>=25.1'

$(VENV)/.installed-%: $(VENV)/bin/python pyproject.toml constraints.txt
	$(PIP_INSTALL) --editable . --group $*
	@touch $@

demo: $(VENV)/.installed-demo ## validate the shipped specs, then train a model on two photographs
	$(BIN)/lossspec validate specs
	$(BIN)/python docs/examples/pix2pix.py

test: $(VENV)/.installed-test $(VENV)/.installed-demo $(VENV)/.installed-docs ## run every test
	$(BIN)/python -m pytest

fuzz: $(VENV)/.installed-test ## search ten minutes for what breaks the validator
	$(BIN)/python tests/spec/fuzz.py --seconds 600

lint: $(VENV)/.installed-lint ## style, types and the order of the layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.installed-lint ## put the code in its usual form
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/.installed-test ## measure the speed, as ratios against hand-written code
	$(BIN)/python -m tests.benchmarks

docs: $(VENV)/.installed-docs ## build the site into build/site; a warning is an error
	$(BIN)/python -m docs.generate
	$(BIN)/zensical build --clean --strict

clean: ## remove what the other targets made
	rm -rf $(VENV) build dist .cache .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
