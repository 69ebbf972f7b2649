# Every task of the project. Each target makes the environment that it needs.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
VISION := .venv-vision
TRAINERS := .venv-trainers
# a worker for each core; an idle one takes tests from a busy one
PYTEST = -m pytest --numprocesses auto --maxprocesses 8 --dist worksteal
SEED := $(or $(SEED),$(shell date +%s))
SECONDS ?= 600
PIP_INSTALL := -m pip install --quiet --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help demo quick test browser test-vision test-trainers snapshots coverage fuzz soak lint format bench docs dist release-notes recipe clean
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

$(TRAINERS)/.installed: $(TRAINERS)/bin/python pyproject.toml tests/trainers/constraints.txt
	$< $(PIP_INSTALL) --constraint tests/trainers/constraints.txt --editable . --group trainers
	@touch $@

demo: $(VENV)/.installed-demo ## validate the shipped specs, then train a model on two photographs
	$(BIN)/lossspec validate specs
	$(BIN)/python docs/examples/pix2pix.py

quick: $(VENV)/.installed-test $(VENV)/.installed-demo $(VENV)/.installed-docs ## run the fast tests, under a minute, for daily work
	$(BIN)/python $(PYTEST) --hypothesis-profile quick -m 'not slow and not browser and not network'

test: $(VENV)/.installed-test $(VENV)/.installed-demo $(VENV)/.installed-docs browser ## run every test
	$(BIN)/python $(PYTEST)

browser: # the report and the site are tested in a real browser
	@command -v chromium chromium-browser google-chrome >/dev/null \
	  || { apt-get update -qq && apt-get install -qq --yes --no-install-recommends chromium >/dev/null; } \
	  || { echo 'the tests of pages need a browser: install chromium'; exit 1; }

test-vision: $(VISION)/.installed ## run the tests of losses that need torchvision, with a torch of several GB
	$(VISION)/bin/python $(PYTEST) tests/vision tests/registry/test_entries.py tests/registry/test_same_name.py

test-trainers: $(TRAINERS)/.installed ## run the tests inside Lightning, Accelerate, ignite and transformers, and with trackers
	$(TRAINERS)/bin/python $(PYTEST) tests/trainers src/lossspec/integrations

snapshots: $(VENV)/.installed-test ## rewrite the expected messages in tests/invalid; read the diff
	$(BIN)/python tests/invalid/test_corpus.py
	git diff --stat -- tests

coverage: $(VENV)/.installed-test $(VENV)/.installed-demo $(VENV)/.installed-docs browser ## list the lines that no test runs
	$(BIN)/python $(PYTEST) --cov --cov-report=term

fuzz: $(VENV)/.installed-test ## search for what breaks it, for ten minutes or SECONDS=...
	$(BIN)/python -m tests.fuzz --seconds $(SECONDS) --seed $(SEED)

soak: $(VENV)/.installed-test ## kill 500 training processes while they log, and read each log
	LOSSSPEC_KILLS=500 $(BIN)/python $(PYTEST) tests/manager/test_faults.py -k killed

lint: $(VENV)/.installed-lint ## check style, types and the order of the layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.installed-lint ## format the code and apply safe fixes
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/.installed-bench ## measure speed, as ratios to hand-written code; ONLY="manager losses" and DEVICE=cuda choose
	$(if $(DEVICE),LOSSSPEC_BENCH_DEVICE=$(DEVICE) )$(BIN)/python -m tests.benchmarks $(ONLY)

docs: $(VENV)/.installed-docs ## build the site into build/site; warnings are errors
	$(BIN)/python -m docs.generate
	$(BIN)/zensical build --clean --strict

dist: $(VENV)/.installed-dist ## build the wheel and the source distribution, and check both
	rm -rf dist
	$(BIN)/python -m build --no-isolation
	$(BIN)/twine check --strict dist/*
	$(BIN)/check-wheel-contents dist/*.whl

release-notes: ## print what the changelog says of this version; TAG=v1.2.3 checks that it is the version
	@$(PYTHON) .ci/release.py notes

recipe: ## print the recipe for conda-forge, after make dist
	@$(PYTHON) .ci/release.py recipe

clean: ## remove everything that the other targets made
	rm -rf $(VENV) $(VISION) $(TRAINERS) build dist .cache .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
