# Needs Python 3.11 or newer with pip, and make. Everything else is in the lock file, with the extras dev, demo, docs,
# models, dask, ray and store.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: setup demo server screenshots test test-slow lint docs bench lock

setup: $(VENV)/.ready

$(VENV)/.ready: requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --no-deps --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	touch $@

demo: setup
	$(BIN)/likelens demo

# The settings of this folder, or those that `make demo` wrote.
server: setup
	$(BIN)/likelens serve --config $(if $(wildcard likelens.toml),likelens.toml,demo/likelens.toml)

# Pictures of Prefect's pages and of the report in docs/images; they need Chromium.
screenshots: setup
	$(BIN)/python -m benchmarks.screenshots

# Workers run complete files, because fixtures belong to files, in the order and the groups of tests/conftest.py.
# Some machines set PYTHONDONTWRITEBYTECODE; then each worker, and each process that a test starts, compiles every module.
PYTEST := $(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder
test test-slow: export PYTHONDONTWRITEBYTECODE =

test: setup
	$(PYTEST) -m "not slow"

# The tests that take more than a second of a processor each: most of the time of all tests.
test-slow: setup
	$(PYTEST) -m slow

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy flows tasks classifiers warehouse
	$(BIN)/lint-imports

# Builds the site of docs/ into site/; a warning, such as a link without a target, is an error.
docs: export NO_MKDOCS_2_WARNING = 1
docs: setup
	$(BIN)/mkdocs build --strict --quiet
	@echo "Open site/index.html"

bench: setup
	$(BIN)/python -m benchmarks.growth
	$(BIN)/python -m benchmarks.warehouse --rows 1e5 1e6
	$(BIN)/python -m benchmarks.object_store
	$(BIN)/python -m benchmarks.scale
	$(BIN)/python -m benchmarks.report
	$(BIN)/python -m benchmarks.scraping
	$(BIN)/python -m benchmarks.fetch
	$(BIN)/python -m benchmarks.parsing
	$(BIN)/python -m benchmarks.clarifai
	$(BIN)/python -m benchmarks.captions
	$(BIN)/python -m benchmarks.charts
	$(BIN)/python -m benchmarks.comments
	$(BIN)/python -m benchmarks.topics
	$(BIN)/python -m benchmarks.topics --comments 100000
	$(BIN)/python -m benchmarks.comment_quality
	$(BIN)/python -m benchmarks.classify
	$(BIN)/python -m benchmarks.classify.embeddings
	$(BIN)/python -m benchmarks.similar --pictures 40000
	$(BIN)/python -m benchmarks.truth --galleries 20

lock:
	uv pip compile pyproject.toml --extra dev --extra demo --extra docs --extra models --extra dask --extra ray --extra store --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -o requirements.lock
