# Everything is installed into virtual environments in this folder; pip's own settings say where packages come from.
# Each has a stamp, so that only a change of the files named beside it installs again.

PYTHON ?= python3
# What the dashboard shows.
FILE ?= .demo/servicetitan.duckdb
# More arguments for pytest: make test ARGS='-k bookmark'
ARGS ?=
# A process for each core.
SIDE_BY_SIDE := -n auto --dist worksteal

TENANTS := examples/many-tenants
DEV := .venv
DEMO := .venv-demo
TARGETS := .venv-targets
AIRFLOW := .venv-airflow
DBT := .venv-dbt
DASHBOARD := .venv-dashboard
WHEEL := .venv-wheel
PIP_INSTALL := -m pip install --quiet --quiet --disable-pip-version-check
UV := .venv-uv/bin/uv
NEW_ENOUGH := import sys; sys.version_info >= (3, 11) or sys.exit("Python 3.11 or newer is needed: make PYTHON=python3.12")

# uv takes a tenth of pip's time. It knows none of pip's settings, a mirror's address for one: where it fails, pip does it.
define install
	@$(PYTHON) -c '$(NEW_ENOUGH)'
	@$(PYTHON) -m venv $(@D)
	@$(MAKE) --silent $(UV) || true
	@$(UV) pip install --quiet --python $(@D)/bin/python $(1) 2>/dev/null || $(@D)/bin/python $(PIP_INSTALL) $(1)
	@touch $@
endef

.PHONY: help demo demo-setup dashboard many-tenants quick test test-slow test-all test-setup test-airflow test-dbt test-wheel benchmark lint types format docs generated constraints airflow-constraints clean
.DELETE_ON_ERROR:

help:
	@echo 'make demo        load the sandbox into a DuckDB file with Meltano, twice, and build the models'
	@echo 'make dashboard   show the models of the demo, or of another file: make dashboard FILE=warehouse.duckdb'
	@echo 'make quick       run the tests that need no server, the first to run'
	@echo 'make test        run the tests against the sandbox too, in minutes'
	@echo 'make test-all    and those with real targets, and of the documentation'
	@echo 'make many-tenants  load 20 tenants of the sandbox into PostgreSQL with Airflow'
	@echo 'make test-airflow  run the tests that load many tenants with Airflow, which take minutes each'
	@echo 'make test-dbt    run the tests of the dbt package, on DuckDB and PostgreSQL'
	@echo 'make test-wheel  run the tests against the built wheel'
	@echo 'make benchmark   measure how fast the tap is'
	@echo 'make lint types  check style and types'
	@echo 'make format      put the code into its format'
	@echo 'make generated   write what follows from the stream table: reference, maps, definitions'
	@echo 'make docs        build the documentation site into site/'
	@echo 'make clean       remove everything that the other targets made'

demo: demo-setup $(DBT)/.installed
	@$(DEMO)/bin/python -m examples.demo.run

demo-setup: $(DEMO)/.installed

dashboard: $(DASHBOARD)/.installed
	@$(DASHBOARD)/bin/streamlit run examples/dashboard/app.py --server.address 127.0.0.1 --server.showEmailPrompt false --browser.gatherUsageStats false -- $(FILE)

# What needs no server: the first to run.
quick: $(DEV)/.installed
	$(DEV)/bin/pytest $(SIDE_BY_SIDE) -m quick $(ARGS)

# All but what loads real targets or runs the documentation's commands.
test: $(DEV)/.installed
	$(DEV)/bin/pytest $(SIDE_BY_SIDE) -m 'not slow and not airflow' $(ARGS)

# The rest.
test-slow: test-setup
	$(DEV)/bin/pytest $(SIDE_BY_SIDE) -m 'slow and not airflow' $(ARGS)

test-all: test test-slow

# Meltano is the demo's.
test-setup: $(DEV)/.installed $(DEMO)/.installed $(AIRFLOW)/.installed $(DBT)/.installed $(patsubst %,$(TARGETS)/target-%/.installed,csv jsonl postgres)

# The examples' tests, with Airflow, which take minutes each.
test-airflow: test-setup
	$(DEV)/bin/pytest -m airflow $(ARGS)

# The models on the loaded tables; they are part of test-slow too.
test-dbt: $(DEV)/.installed $(DBT)/.installed $(TARGETS)/target-postgres/.installed
	$(DEV)/bin/pytest tests/dbt $(ARGS)

# From the sandbox's tenants to a warehouse, with Airflow: make many-tenants ARGS='--executor celery'
many-tenants: $(DEMO)/.installed $(TARGETS)/target-postgres/.installed $(AIRFLOW)/.installed
	@PYTHONPATH=$(TENANTS) $(AIRFLOW)/bin/python -m one_machine.run $(ARGS)

test-wheel: test-setup
	rm -rf dist $(WHEEL)
	$(DEV)/bin/python -m build --no-isolation
	$(MAKE) --no-print-directory $(WHEEL)/.installed
	$(DEV)/bin/python -m tests.support.wheel $(WHEEL) $(SIDE_BY_SIDE) $(ARGS)

benchmark: $(DEV)/.installed
	@$(DEV)/bin/python -m tests.benchmarks $(ARGS)

lint: $(DEV)/.installed
	$(DEV)/bin/ruff check .
	$(DEV)/bin/ruff format --check .

types: $(DEV)/.installed
	$(DEV)/bin/mypy

format: $(DEV)/.installed
	$(DEV)/bin/ruff format .
	$(DEV)/bin/ruff check --fix .

# Its search wants a server: python3 -m http.server --directory site
docs: $(DEV)/.installed
	$(DEV)/bin/python scripts/site_pages.py
	$(DEV)/bin/zensical build --clean --strict

generated: $(DEV)/.installed
	$(DEV)/bin/python -m scripts.stream_reference
	$(DEV)/bin/python scripts/data_model_pages.py
	$(DEV)/bin/python scripts/personal_data.py
	$(DEV)/bin/python scripts/plugin_definition.py
	$(DEV)/bin/python tests/unit/catalog/test_catalog.py > catalog.new
	mv catalog.new tests/unit/catalog/catalog.txt

# uv is used to resolve for all platforms and versions at once. A lock file of its own would name the host it asked.
constraints: $(DEV)/.installed $(UV)
	{ sed '/^[^#]/,$$d' constraints.txt; \
	  printf '%s\n' 'meltanolabs-target-csv>=0.5,<0.6' 'meltanolabs-target-postgres>=0.8.1,<0.9' | \
	  $(UV) pip compile pyproject.toml - --quiet --all-extras --universal --python-version 3.11 \
	  --no-annotate --no-header; } > constraints.new
	mv constraints.new constraints.txt

airflow-constraints: $(DEV)/.installed $(UV)
	{ echo '# The versions that the example was tried with, made by `make airflow-constraints`.'; \
	  $(UV) pip compile $(TENANTS)/airflow.txt $(TENANTS)/checks.txt --quiet --universal --python-version 3.11 \
	  --no-annotate --no-header; } > constraints.new
	mv constraints.new $(TENANTS)/constraints.txt

clean:
	rm -rf .venv-uv $(DEV) $(DEMO) $(TARGETS) $(WHEEL) $(AIRFLOW) $(DBT) $(DASHBOARD) .demo .many-tenants dist build
	rm -rf .mypy_cache .pytest_cache .ruff_cache .hypothesis .site-pages .cache site

$(UV):
	@$(PYTHON) -m venv .venv-uv
	@.venv-uv/bin/python $(PIP_INSTALL) uv

$(DEV)/.installed: pyproject.toml constraints.txt
	@echo 'Installing the development environment ...'
	$(call install,-c constraints.txt -e '.[dev]')

$(AIRFLOW)/.installed: $(addprefix $(TENANTS)/,airflow.txt checks.txt constraints.txt)
	@echo 'Installing Airflow ...'
	$(call install,$(patsubst %,-r $(TENANTS)/%.txt,airflow checks) -c $(TENANTS)/constraints.txt)

$(DASHBOARD)/.installed: examples/dashboard/requirements.txt
	@echo 'Installing Streamlit ...'
	$(call install,-r examples/dashboard/requirements.txt)

$(DBT)/.installed: tests/dbt/requirements.txt
	@echo 'Installing dbt ...'
	$(call install,-r tests/dbt/requirements.txt)

$(DEMO)/.installed: pyproject.toml constraints.txt
	@echo 'Installing the tap, its sandbox and Meltano ...'
	$(call install,-c constraints.txt -e '.[demo]')

# Targets have environments of their own: target-jsonl needs an older jsonschema than the SDK takes.
$(TARGETS)/target-jsonl/.installed: examples/target-jsonl.txt
	@echo 'Installing target-jsonl ...'
	$(call install,-r examples/target-jsonl.txt)

$(TARGETS)/target-csv/.installed $(TARGETS)/target-postgres/.installed: constraints.txt
	@echo 'Installing $(notdir $(@D)) ...'
	$(call install,-c constraints.txt meltanolabs-$(notdir $(@D)))

$(WHEEL)/.installed: constraints.txt
	$(call install,-c constraints.txt "$$(echo dist/*.whl)[dev]")
