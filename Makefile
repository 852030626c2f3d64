# make demo: install what a run needs, run the demo study, say where its site is.
# make utility: write the raw files of a synthetic utility of six feeders, run the study on them.
# make vendor: bundle MapLibre and deck.gl from npm, so that sites draw their maps by WebGL where a browser has it.
# make test: install what the tests need, run them; make slow: the longest ones.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
PIP := PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pip --disable-pip-version-check install --quiet
STUDY ?= demo
# A test that hangs is named and fails after so many seconds, and the others go on.
NO_HANG := -o faulthandler_timeout=900 -o faulthandler_exit_on_timeout=true

.PHONY: install demo utility vendor test slow bench lock clean

install: $(VENV)/base

$(VENV)/base: envs/dtl.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "DTL needs Python 3.11 or later: make PYTHON=python3.11")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) --require-hashes -r envs/dtl.lock
	$(PIP) --no-deps --no-build-isolation -e .
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m compileall -q dtl
	$(BIN)/python -c "import dtl.powerflow.solve"
	touch $@

$(VENV)/test: $(VENV)/base envs/test.lock
	$(PIP) --require-hashes -r envs/test.lock
	touch $@

demo: install
	$(BIN)/dtl run $(STUDY)

utility: install studies/utility/data/README.md
	$(BIN)/dtl run utility

studies/utility/data/README.md:
	$(BIN)/dtl synth utility --out studies/utility/data $(shell cat studies/utility/synth.txt)

vendor: install
	$(BIN)/python -m dtl.report.vendor

test: $(VENV)/test
	.ci/system-packages
	$(BIN)/python -m pytest -n 2 --dist worksteal --durations 20 $(NO_HANG)

slow: $(VENV)/test
	$(BIN)/python -m pytest -n 2 -m slow

bench: $(VENV)/test
	missed=""; for each in tests/bench/*.py; do echo "-- $$each"; $(BIN)/python $$each || missed="$$missed $$each"; done; \
	[ -z "$$missed" ] || { echo "missed:$$missed"; exit 1; }

lock:
	envs/lock

clean:
	rm -rf results logs benchmarks .snakemake
