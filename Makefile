# make reproduce | lab | test | bench: each does its own set-up, once, in .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
EXTRAS := lab,teach,dev
STAMP := $(VENV)/.ready
OUT ?= out

.PHONY: setup reproduce lab test bench ledger labs lock clean

reproduce: setup  ## measure the headline claims, write out/report.html (ARGS=--all for every claim, ARGS=grokking for one study)
	@$(BIN)/mini reproduce $(ARGS) --out $(OUT)

lab: setup  ## open the labs
	@$(BIN)/mini lab

test: setup  ## run the tests
	@$(BIN)/ruff check --quiet mini tests benchmarks labs/src
	@$(BIN)/python -m pytest -n 2 --dist worksteal $(ARGS)

bench: setup $(VENV)/.bench  ## time this code beside PyTorch
	@$(BIN)/mini bench $(ARGS)

ledger: setup  ## measure every claim anew and write the tables made from it (ARGS="--preset paper" for the published settings)
	@$(BIN)/mini reproduce --all $(ARGS) --out $(OUT)
	@$(BIN)/python -m mini.readme $(OUT)

labs: setup  ## make the students' notebooks from labs/src
	@$(BIN)/python -m mini.labs build

setup: $(STAMP)

$(STAMP): pyproject.toml requirements.lock
	@echo "setting up $(VENV) (once; a few minutes)"
	@$(PYTHON) -c 'import sys; sys.exit("mini takes Python 3.11 or newer; set PYTHON=python3.11" if sys.version_info < (3, 11) else 0)'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint requirements.lock --editable '.[$(EXTRAS)]'
	@touch $@

$(VENV)/.bench: $(STAMP)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[bench]'
	@touch $@

lock: setup  ## renew the lock from pyproject.toml
	@$(BIN)/python -m pip install --quiet uv && $(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 \
		--extra lab --extra teach --extra dev --upgrade --no-header --no-annotate --output-file requirements.lock

clean:
	rm -rf $(VENV) out build *.egg-info
