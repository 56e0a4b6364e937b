# Commands for people and for CI. Only test-containers needs root.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Index tried first for torch. Empty: only the package index's own (CUDA) build.
TORCH_INDEX_URL ?= https://download.pytorch.org/whl/cpu

# Named after a checksum of the files that decide what is installed.
READY := $(VENV)/.ready-$(shell cat pyproject.toml requirements.lock scripts/setup.sh scripts/torch.sh scripts/requirements.py | cksum | cut -d' ' -f1)

# Tools that are unpacked here instead of being installed: for the deployment tests, the audit and the lock file.
TOOLS := .tools

# GPU=1 selects the containers with CUDA. docs/containers.md lists the settings of the compose files.
COMPOSE ?= docker compose
ifdef GPU
export COMPOSE_FILE := docker-compose.yml:docker-compose.gpu.yml
endif

.DEFAULT_GOAL := help
.PHONY: help setup lock serve images up down train pictures
.PHONY: test test-faults test-browser test-containers test-observability
.PHONY: lint format types bench audit sbom clean

help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-19s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## create or update .venv from requirements.lock; does nothing when it is up to date

$(READY):
	@PYTHON="$(PYTHON)" VENV="$(VENV)" TORCH_INDEX_URL="$(TORCH_INDEX_URL)" scripts/setup.sh
	@rm -f $(VENV)/.ready-* && touch $@

lock: ## resolve pyproject.toml into requirements.lock; the newest versions with OPTIONS=--upgrade
	@scripts/lock.sh $(PYTHON) $(TOOLS)/lock $(OPTIONS)

serve: setup ## run Redis, a worker and the service with the shipped models on LABN_HOST:LABN_PORT (127.0.0.1:8000)
	@exec $(BIN)/python -m service.standalone

images: ## build the images of the service, the worker and training
	@$(COMPOSE) --profile '*' build

up: ## start the containers (Redis, service, worker, Prometheus) and wait until all are healthy
	@$(COMPOSE) up --build --detach --wait

down: ## stop the containers; their data are kept
	@$(COMPOSE) --profile '*' down

train: ## train in a container: CONFIG=training/configs/NAME.toml [DATA=folder] [OPTIONS=...]
	@test -n "$(CONFIG)" || { echo "CONFIG is missing: make train CONFIG=training/configs/compact-idrid.toml" >&2; exit 2; }
	@mkdir -p data runs
	@$(COMPOSE) --profile training run --build --rm --user "$$(id -u):$$(id -g)" training train $(CONFIG) \
		$(if $(DATA),--data /data) $(if $(GPU),--device cuda) $(OPTIONS)

test: setup ## run the tests, without the long fault tests; three processes, since many tests wait
	@$(BIN)/python -m pytest -n 3 --dist worksteal -m "not faults" $(PYTEST_OPTIONS)

test-faults: setup ## run the long fault tests: killed processes, no memory, resumed trainings, full benchmark passes
	@$(BIN)/python -m pytest -m faults $(PYTEST_OPTIONS)

test-browser: setup ## the page in a real Chromium, which is installed where that can be done
	@scripts/chromium.sh
	@$(BIN)/python -m pytest tests/browser $(PYTEST_OPTIONS)

test-observability: setup ## a real Prometheus and Alertmanager on a real run; unpacks Debian's, needs npm
	@scripts/dashboards.sh $(TOOLS)/grafana
	@scripts/prometheus.sh $(TOOLS)/prometheus
	@PATH="$(CURDIR)/$(TOOLS)/prometheus/bin:$$PATH" $(BIN)/python -m pytest -o python_files='test_*.py live.py' tests/observability $(PYTEST_OPTIONS)

pictures: setup ## draw docs/images/dashboard-*.png from a real run of ten minutes
	@scripts/prometheus.sh $(TOOLS)/prometheus
	@PATH="$(CURDIR)/$(TOOLS)/prometheus/bin:$$PATH" $(BIN)/python -m tests.observability.pictures

test-containers: setup ## all of it in real containers; as root on Debian, whose podman and others it installs
	@TOOLS="$(CURDIR)/$(TOOLS)/containers" tests/containers/run.sh $(PYTEST_OPTIONS)

lint: setup ## check formatting and rules (ruff) and imports between packages (import-linter)
	@$(BIN)/ruff format --check . && $(BIN)/ruff check .
	@$(BIN)/lint-imports --no-logo

format: setup ## format the code and apply ruff's automatic fixes
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

types: setup ## check types (mypy --strict)
	@$(BIN)/mypy

bench: setup ## measure size and speed on this machine: a table and benchmarks/results.json
	@$(BIN)/python -m benchmarks

audit: setup ## look up known vulnerabilities of the installed packages; fails if no database is reached
	@scripts/audit.sh audit $(VENV) $(TOOLS)/audit

sbom: setup ## write sbom.cdx.json, a CycloneDX list of the installed packages
	@scripts/audit.sh sbom $(VENV) $(TOOLS)/audit

clean: ## remove .venv and caches
	rm -rf $(VENV) $(TOOLS) .mypy_cache .ruff_cache .pytest_cache
