# Everyday work with this checkout. It needs Python >= 3.11 with pip and venv, git and make; everything else goes into .venv.
#   make PYTHON=/path/to/python3 ...   picks the interpreter

BIN := .venv/bin
# .venv is made again when a lock file or the interpreter asked for changes: the key is in the stamps' names.
KEY := $(shell { echo '$(PYTHON)'; cat requirements*.lock; } | cksum | cut -d' ' -f1)
RUN := .venv/run-$(KEY)
DEV := .venv/dev-$(KEY)
INSTALL := $(BIN)/python -m pip --disable-pip-version-check --quiet install
PYTEST := $(BIN)/python -m pytest --durations=12
STAGE := .ci/stage
UV := uv==0.13.9
# The release whose packages the lab is made of; empty: this machine's own.
export DRAINBOARD_LAB_SUITE ?= $(SUITE)
FIND_PYTHON := .ci/python $(or $(PYTHON),python3.13 python3.12 python3.11 python3)

.PHONY: help demo test check unit walk wheel kills matrix mutants pictures lab-test lab lab-down bench lock clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1@\2/p' Makefile | column -t -s @ 2>/dev/null || grep '##' Makefile

demo: $(RUN) ## the whole console on a simulated cluster: nothing to configure, nothing real is touched
	@$(BIN)/drainboard demo

test: check ## everything that gates a merge
	@$(MAKE) --no-print-directory --keep-going unit wheel lab-test # one after the other: they wait for things to happen in seconds
	@echo 'make test: no stage failed'

check: $(DEV) ## the static gates: format, lint, types, layers
	@$(STAGE) format $(BIN)/ruff format --check .
	@$(STAGE) lint $(BIN)/ruff check .
	@$(STAGE) types $(BIN)/pyright --pythonpath $(BIN)/python
	@$(STAGE) layers $(BIN)/lint-imports

unit: $(DEV) ## unit tests, and the console against the simulator
	@$(STAGE) unit $(PYTEST) -n auto -m 'not lab' --ignore=tests/packaging

WALKS ?= 400
SEED ?= 1000
walk: $(DEV) ## WALKS=400 random walks of two consoles, from SEED=1000 on; one that fails is told, and WALKS=1 SEED=n repeats it
	@$(BIN)/python -m tests.walk --walks $(WALKS) --seed $(SEED)

wheel: $(DEV) ## build it, look inside, install it into an empty environment, start it
	@$(STAGE) wheel $(PYTEST) tests/packaging

kills: $(DEV) ## every operation, and every journal of 0.2.0, killed at every line: `make test` takes a sample
	DRAINBOARD_KILLS=all $(PYTEST) -n auto $$(grep -l 'kills import sample' tests/console/test_*.py)

SAMPLE ?= 0
MINUTES ?= 0
matrix: SEED = 9
matrix: $(DEV) ## every fault of the simulator in every step of every operation, a day; SAMPLE=500 so many, MINUTES=30 so long, SEED=9
	@$(BIN)/python -m tests.matrix --sample $(SAMPLE) --minutes $(MINUTES) --seed $(SEED)

mutants: $(DEV) ## each rule of guards, steps and health removed once: some test must fail
	@$(BIN)/python -m tests.mutate

pictures: $(DEV) ## every scenario of the demo at three sizes, as SVG in build/pictures
	@$(BIN)/python -m tests.pictures

lab-test: $(DEV) ## the console against a real cluster on this machine (root; SUITE=bullseye, trixie or sid: with its packages)
	@.ci/lab

lab: $(RUN) ## bring that real cluster up and leave it up
	@$(BIN)/python -m tests.lab up
	@inventory=$$($(BIN)/python -c 'from tests.lab.lab import Lab; print(Lab.find("default").inventory)') && \
		echo "Watch it:  $(BIN)/python -m tests.lab inside -- $(BIN)/drainboard --inventory $$inventory" && \
		echo "End it:    make lab-down"

lab-down: $(RUN) ## take the lab down
	@$(BIN)/python -m tests.lab down

bench: $(DEV) ## the figures, each beside a baseline of the same run; over the lab too; BENCH=--night: each scenario's headline
	@$(BIN)/python -m tests.bench $(BENCH)

# Pins what is not pinned yet; `make lock UPGRADE=--upgrade` moves everything to the newest versions allowed.
LOCK = build/lock/bin/uv pip compile $(UPGRADE) --quiet --no-config --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock'
lock: ## write requirements*.lock from pyproject.toml
	@python=$$($(FIND_PYTHON)) && "$$python" -m venv --clear build/lock
	@build/lock/bin/python -m pip --disable-pip-version-check --quiet install $(UV)
	$(LOCK) pyproject.toml -o requirements.lock
	$(LOCK) pyproject.toml --group build --group dev -c requirements.lock -o requirements-dev.lock
	$(LOCK) --group build -c requirements-dev.lock -o requirements-build.lock
	@if grep -nE '://|^-' requirements*.lock; then echo 'A lock file must name no host and no index.'; exit 1; fi

clean: ## remove what was made here: .venv, builds, caches
	rm -rf .venv build dist .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(RUN):
	@python=$$($(FIND_PYTHON)) && \
		echo "Making .venv with $$python (only now and when a lock file changes)" && "$$python" -m venv --clear .venv
	@$(INSTALL) --require-hashes -r requirements.lock -r requirements-build.lock
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

$(DEV): $(RUN)
	@echo 'Adding the tools that check and test it'
	@$(INSTALL) --require-hashes -r requirements-dev.lock
	@touch $@
