# Everything there is to run. Each target makes the environment that it needs.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
VISION := .venv-vision
# a worker for each core, of which none waits while another has tests left
PYTEST = -m pytest --numprocesses auto --maxprocesses 8 --dist worksteal
SEED := $(or $(SEED),$(shell date +%s))
PIP_INSTALL := -m pip install --quiet --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help demo quick test browser test-vision snapshots coverage fuzz soak lint format bench docs clean
.PRECIOUS: %/bin/python

help: ## list the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /: /'

%/bin/python:
	$(PYTHON) -m venv $*
	$@ $(PIP_INSTALL) 'pip>=25.1'

$(VENV)/.installed-%: $(BIN)/python pyproject.toml constraints.txt
	$< $(PIP_INSTALL) --constraint constraints.txt --editable . --group $*
	@touch $@

$(VISION)/.installed: $(VISION)/bin/python pyproject.toml tests/vision/constraints.txt
	$< $(PIP_INSTALL) --constraint tests/vision/constraints.txt --editable . --group vision
	@touch $@

demo: $(VENV)/.installed-demo ## validate the shipped specs, then train a model on two photographs
	$(BIN)/lossspec validate specs
	$(BIN)/python docs/examples/pix2pix.py

quick: $(VENV)/.installed-test $(VENV)/.installed-demo $(VENV)/.installed-docs ## run what takes a minute, for daily work
	$(BIN)/python $(PYTEST) --hypothesis-profile quick -m 'not slow and not browser and not network'

test: $(VENV)/.installed-test $(VENV)/.installed-demo $(VENV)/.installed-docs browser ## run every test
	$(BIN)/python $(PYTEST)

browser: # a page is tested in a real one
	@command -v chromium chromium-browser google-chrome >/dev/null \
	  || { apt-get update -qq && apt-get install -qq --yes --no-install-recommends chromium >/dev/null; } \
	  || { echo 'the tests of the report need a browser: install chromium'; exit 1; }

test-vision: $(VISION)/.installed ## the same for the losses that need torchvision, which brings a torch of several GB
	$(VISION)/bin/python $(PYTEST) tests/vision tests/registry/test_entries.py tests/registry/test_same_name.py

snapshots: $(VENV)/.installed-test ## write anew what tests compare whole messages with: read the difference
	$(BIN)/python tests/invalid/test_corpus.py
	git diff --stat -- tests

coverage: $(VENV)/.installed-test $(VENV)/.installed-demo $(VENV)/.installed-docs browser ## say which lines no test runs
	$(BIN)/python $(PYTEST) --cov --cov-report=term

fuzz: $(VENV)/.installed-test ## try thousands of examples of each property, then search ten minutes for what breaks the validator
	@echo 'seed $(SEED): `make fuzz SEED=$(SEED)` does the same again'
	$(BIN)/python $(PYTEST) -m hypothesis --hypothesis-profile fuzz --hypothesis-seed $(SEED) tests
	$(BIN)/python tests/language/fuzz.py --seconds 600 --seed $(SEED)

soak: $(VENV)/.installed-test ## kill a training process 500 times and read each log
	LOSSSPEC_KILLS=500 $(BIN)/python $(PYTEST) tests/manager/test_faults.py -k killed

lint: $(VENV)/.installed-lint ## style, types and the order of the layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.installed-lint ## put the code in its usual form
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/.installed-bench ## measure the speed, as ratios against hand-written code
	$(BIN)/python -m tests.benchmarks

docs: $(VENV)/.installed-docs ## build the site into build/site; a warning is an error
	$(BIN)/python -m docs.generate
	$(BIN)/zensical build --clean --strict

clean: ## remove what the other targets made
	rm -rf $(VENV) $(VISION) build dist .cache .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
