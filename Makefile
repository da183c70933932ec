# Every target works from a fresh clone: what it needs is installed first, into .venv.
# Another interpreter: make PYTHON=python3.13 test

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

# Compiled files make every start of a Python process, and every workflow sandbox, much quicker.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo dev test lint faults bench lock clean

help:
	@echo "make demo   the whole product on this machine: Temporal with its web UI, worker, sandbox vendors"
	@echo "make dev    the same, left running for a look around and work of your own"
	@echo "make test   lint, types and every test"
	@echo "make lint   ruff and mypy alone"
	@echo "make faults storms of kills and faults, judged; TIER= SEED= LEDGER= (minutes)"
	@echo "make bench  the benchmarks, against their budgets (minutes)"
	@echo "make lock   resolve requirements.lock anew from pyproject.toml"
	@echo "make clean  remove the environment, the caches and what a demo left"

# exec: the command takes the shell's place, so that Ctrl-C reaches it and nothing in between.
demo: $(INSTALLED)
	@exec $(BIN)/dripstone demo

dev: $(INSTALLED)
	@exec $(BIN)/dripstone dev

test: lint
	@echo "== pytest"
	@exec $(BIN)/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder

lint: $(INSTALLED)
	@echo "== ruff check"
	@$(BIN)/ruff check .
	@echo "== ruff format --check"
	@$(BIN)/ruff format --check .
	@echo "== mypy"
	@$(BIN)/mypy

TIER ?= full
SEED ?= 1
LEDGER ?= sqlite

faults: $(INSTALLED)
	@exec $(BIN)/python -m tests.faults $(TIER) --seed $(SEED) --ledger $(LEDGER)

bench: $(INSTALLED)
	@exec $(BIN)/python -m benchmarks

# Hashes but no addresses: the lock holds at whatever index a machine installs from.
lock: $(INSTALLED)
	$(BIN)/uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 \
	    --generate-hashes --no-annotate --no-header --no-emit-index-url --no-emit-find-links \
	    --upgrade --quiet --output-file requirements.lock

clean:
	rm -rf $(VENV) .dripstone .mypy_cache .pytest_cache .ruff_cache .hypothesis *.egg-info build
	find . -type d -name __pycache__ -prune -exec rm -rf {} +

$(INSTALLED): requirements.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null 2>&1 || { \
	    echo "$(PYTHON) was not found. Install Python 3.11 or newer, or name one:" \
	         "make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	    echo "Dripstone needs Python 3.11 or newer; $(PYTHON) is" \
	         "$$($(PYTHON) --version 2>&1). Name another: make PYTHON=python3.13" >&2; exit 1; }
	@echo "== installing into $(VENV)"
	@$(PYTHON) -m venv $(VENV) || { \
	    echo "$(PYTHON) cannot make a virtual environment; on Debian and Ubuntu:" \
	         "apt-get install python3-venv" >&2; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check \
	    --require-hashes --requirement requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check \
	    --no-deps --no-index --no-build-isolation --editable .
	@touch $@
