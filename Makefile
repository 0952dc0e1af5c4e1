# Two commands do everything on a fresh machine with Python 3.11 or newer: `make demo` and `make test`.
SHELL := bash
.SHELLFLAGS := -o pipefail -c
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
DEMO := data/bundles/issue-8236.zip

.PHONY: demo check test test-full test-live lab lint style types layers suite bench data docs notebooks pictures wheel test-wheel clean help
.DEFAULT_GOAL := help

help: ## what each command does
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 18

$(STAMP): pyproject.toml constraints.txt harvdiag/version.py
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "harvdiag needs Python 3.11 or newer; name it: make PYTHON=python3.12 …")'
	@echo "Installing harvdiag and what it needs into $(VENV): about a minute"
	@$(PYTHON) -m venv $(VENV) || { echo "no venv module: install it first (Debian: apt install python3-venv)"; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

demo: $(STAMP) ## diagnose the sample cluster; writes demo/report.html and demo/01-find-orphans.ipynb
	@mkdir -p demo
	@echo '$$ harvdiag check $(DEMO)'
	@$(BIN)/harvdiag check $(DEMO) || [ $$? -eq 1 ]
	@$(BIN)/harvdiag report $(DEMO) --quiet --output demo/report.html
	@$(BIN)/harvdiag run 01 --quiet --output demo/01-find-orphans.ipynb
	@$(BIN)/jupyter trust demo/*.ipynb >/dev/null
	@echo
	@echo "Written: demo/report.html, demo/01-find-orphans.ipynb. Next: make lab"

check: $(STAMP) lint ## lint, types, layers and the tests of what changed; or of RULE=…, FAMILY=… or TESTS=…
	$(BIN)/python -m tests.tools.check $(if $(RULE),--rule $(RULE)) $(if $(FAMILY),--family $(FAMILY)) \
	  $(if $(TESTS),--tests $(TESTS))

test: $(STAMP) ## lint, types, layers and the tests, of large products a part; under 6 minutes on 2 cores
	@$(MAKE) --no-print-directory --jobs=2 types suite

test-full: $(STAMP) ## the same with every case of every product; for changes that reach far, and before a release
	@$(MAKE) --no-print-directory --jobs=2 types suite FULL=--full

# One of the tests checks the layers. Browser and notebooks, which wait more than they work, come first, in one worker.
suite: $(STAMP) style
	$(BIN)/python -m pytest -n 3 --dist worksteal $(FULL)

test-live: $(STAMP) ## the same case on a real API server: HARVDIAG_TEST_KUBECONFIG=… (it must be empty; never a cluster in use)
	@[ -n "$$HARVDIAG_TEST_KUBECONFIG" ] || { echo "name the kubeconfig of an empty API server: HARVDIAG_TEST_KUBECONFIG=… make test-live"; exit 2; }
	$(BIN)/python -m pytest tests/live

lint: style types layers

style: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP)
	$(BIN)/mypy

layers: $(STAMP)
	$(BIN)/lint-imports --no-cache

lab: $(STAMP) ## open JupyterLab on a working copy of the notebooks, in harvdiag-lab; SOURCE=… names what they read
	@$(BIN)/harvdiag lab $(SOURCE)

bench: $(STAMP) ## measure the speed of reading; takes a few minutes
	$(BIN)/python -m tests.benchmarks.bench_read
	$(BIN)/python -m tests.benchmarks.bench_live
	$(BIN)/python -m tests.benchmarks.bench_draw
	$(BIN)/python -m tests.benchmarks.bench_redact
	$(BIN)/python -m tests.benchmarks.bench_cure

data: $(STAMP) ## make the sample bundles and the scenario bases anew
	$(BIN)/python -m tests.world.samples
	$(BIN)/python -m tests.world.bases

docs: $(STAMP) ## write the console output and tables of README and docs that follow from the code
	$(BIN)/python -m tests.tools.docs

notebooks: $(STAMP) ## execute the notebooks on the sample data and keep their outputs
	$(BIN)/python -m tests.notebooks.keep

pictures: $(STAMP) ## make the pictures of the README anew; needs Chromium
	@mkdir -p data/pictures
	$(BIN)/python -m tests.figures.readme
	$(BIN)/python -m tests.browser.pictures

wheel: $(STAMP) ## build dist/harvdiag-VERSION-py3-none-any.whl, for pipx or pip on another machine
	@rm -rf dist
	@$(BIN)/python -m hatchling build -t wheel >/dev/null
	@echo "Written: $$(ls dist/*.whl). Next: pipx install $$(ls dist/*.whl), or pip install '$$(ls dist/*.whl)[all]'"

test-wheel: wheel ## install the wheel into empty environments, without extras and with each, and use it there
	$(BIN)/python -m tests.tools.wheel dist/*.whl

clean: ## remove what the other commands made
	rm -rf $(VENV) demo dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
