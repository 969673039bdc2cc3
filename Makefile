# The commands of scandid, the same for people and for continuous integration. `make` lists them.

PYTHON ?= python3
ARGS ?=
DATA ?= MartinThoma/wili_2018
MINUTES ?= 30
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu
COMPOSE ?= docker compose

DEV := .venv
SERVE := .venv-serve
LOADTEST := .venv-loadtest
PEERS_VENV := .venv-peers
PIP := -m pip --disable-pip-version-check --no-input install --quiet --progress-bar off
LOCK := $(DEV)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-annotate --no-emit-index-url --custom-compile-command "make lock"

STACK := $(COMPOSE) --env-file .env --file deploy/compose.yaml
# What make up builds keeps this tag, so that there is an image to go back to.
TAG ?= $(shell git describe --tags --always --dirty 2>/dev/null || date +%Y%m%d-%H%M%S)
# Builds a service of compose, unless the variable, here or in .env, names an image for it.
built = $(if $(call named,$(2)),,TAG=$(TAG) $(STACK) --file deploy/compose.build.yaml build $(1))
named = $(if $(filter undefined,$(origin $(1))),$(shell grep '^$(1)=["[:alnum:]]' .env 2>/dev/null),$($(1)))

# The short form measures less than the page shows.
quick = $(filter --quick,$(ARGS))

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup serve test check lock train export leave-one-out dashboards card report loadtest bench peers \
	images sbom up down train-in-docker clean

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(DEV)/.ready ## Make .venv with everything for development
	@echo "$(DEV) is ready: $$($(DEV)/bin/python --version)"

serve: $(SERVE)/.ready $(if $(TRACING),$(SERVE)/.tracing) ## Start the service with the shipped model (makes .venv-serve); TRACING=1 adds OpenTelemetry
	@echo "Try it from another terminal:"
	@echo "  curl -s http://localhost:$${SCANDID_PORT:-8080}/identify" \
		"-H 'Content-Type: application/json' -d '{\"text\": \"Hva heter du, og hvor kommer du fra?\"}'"
	@if [ -f .env ]; then before=$$(export -p); set -a; . ./.env; set +a; eval "$$before"; fi; \
		exec $(SERVE)/bin/gunicorn -c server/gunicorn.conf.py 'server.app:get_app()'

test: $(DEV)/.ready ## Run every test, with real servers; ARGS goes to pytest
	$(DEV)/bin/python -m pytest $(ARGS)

check: $(DEV)/.ready ## Lint, formatting, types and the direction of imports
	$(DEV)/bin/ruff check .
	$(DEV)/bin/ruff format --check .
	$(DEV)/bin/mypy
	$(DEV)/bin/python -m pytest --quiet tests/test_imports.py

lock: $(DEV)/.ready ## Resolve requirements/*.in to hashed locks; ARGS=--upgrade takes new releases
	$(LOCK) $(ARGS) requirements/dev.in --output-file requirements/dev.txt
	$(LOCK) $(ARGS) requirements/serve.in --constraint requirements/dev.txt --output-file requirements/serve.txt
	$(LOCK) $(ARGS) requirements/tracing.in --constraint requirements/dev.txt --output-file requirements/tracing.txt
	$(LOCK) $(ARGS) requirements/train.in --constraint requirements/dev.txt --output-file requirements/train.txt
	$(LOCK) $(ARGS) requirements/torch-cuda.in --constraint requirements/train.txt --output-file requirements/torch-cuda.txt
	$(LOCK) $(ARGS) requirements/loadtest.in --constraint requirements/dev.txt --output-file requirements/loadtest.txt
	$(LOCK) $(ARGS) requirements/peers.in --output-file requirements/peers.txt

train: $(DEV)/.ready ## Fit the network: DATA="hub/name folder/ file.csv" MINUTES=30, more in ARGS
	$(DEV)/bin/python train.py $(addprefix --data ,$(DATA)) --minutes $(MINUTES) $(ARGS)

export: $(DEV)/.ready ## Write models/scandid.onnx from the last checkpoint; ARGS goes to export.py
	$(DEV)/bin/python export.py $(ARGS)

leave-one-out: $(DEV)/.ready ## Accuracy on each source by a model that never saw it: DATA="corpora/" ARGS="--steps 1500"
	$(DEV)/bin/python -m training.leave_one_out $(addprefix --data ,$(DATA)) $(ARGS)

dashboards: $(DEV)/.ready ## Write Grafana's dashboards from their code, and the cluster's rules from Prometheus'
	$(DEV)/bin/python -m deploy.grafana
	$(DEV)/bin/python -m deploy.prometheus

card: $(DEV)/.ready ## Score the model and write its card: BENCHMARKS="a.parquet b.tsv"
	$(DEV)/bin/python -m training.card $(BENCHMARKS)

report: $(DEV)/.ready $(if $(PEERS),$(PEERS_VENV)/.ready) ## Accuracy in every way: BENCHMARKS="a.parquet b.tsv", beside other identifiers with PEERS=1
	$(DEV)/bin/python -m training.report $(BENCHMARKS) $(if $(PEERS),--peers $(PEERS_VENV)/bin/python) $(ARGS)

loadtest: $(LOADTEST)/.ready ## Load a server of its own, judge it by thresholds; ARGS="--shape spike"
	$(LOADTEST)/bin/python -m loadtest.run $(ARGS)

bench: $(LOADTEST)/.ready ## What a request costs, beside other stacks (after make peers) and in plots
	$(LOADTEST)/bin/python loadtest/bench.py $(if $(quick),,--output docs/performance.json) $(ARGS)
	$(if $(quick),,$(LOADTEST)/bin/python -m loadtest.plots docs/performance.json)
	$(if $(quick),,$(LOADTEST)/bin/python -m loadtest.pages docs/performance.json)

peers: $(PEERS_VENV)/.ready ## Make .venv-peers with what make bench and make report compare with
	@echo "$(PEERS_VENV) is ready"

images: $(DEV)/.ready ## Build both images and prove them by running them (Docker, else podman)
	$(DEV)/bin/python -m deploy.images $(ARGS)

sbom: $(DEV)/.ready ## Write build/sbom/*.cdx.json, what is in the images that make images built
	$(DEV)/bin/python -m deploy.images.sbom $(ARGS)

up: .env ## Start everything of deploy/compose.yaml: service, MLflow, store, Prometheus, Grafana
	$(call built,scandid,SERVE_IMAGE)
	$(STACK) up --detach --wait

down: .env ## Stop what make up started; volumes stay, ARGS=--volumes removes them
	$(STACK) --profile train --profile loadtest down $(ARGS)

train-in-docker: .env ## Train, track and export in a container: DATA="corpora/" MINUTES=30
	mkdir -p corpora
	$(call built,train,TRAIN_IMAGE)
	$(STACK) run --rm train train.py $(addprefix --data ,$(DATA)) --minutes $(MINUTES) $(ARGS)
	$(STACK) run --rm train export.py runs/latest --out runs/scandid.onnx

.env:
	@echo "There is no .env: cp .env.example .env, then fill in the keys and the password." >&2; exit 1

clean: ## Remove environments, caches and build artefacts; checkpoints and runs stay
	rm -rf $(DEV) $(SERVE) $(LOADTEST) $(PEERS_VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -type d -name __pycache__ -prune -exec rm -rf {} +

# Each environment is made anew when a lock it was made from changes. torch comes first, from a
# folder of wheels that pip is configured with or else from the index of CPU builds.
$(DEV)/.ready $(PEERS_VENV)/.ready: %/.ready: requirements/torch.txt
	$(call new_environment,$*)
	@$*/bin/python $(PIP) --no-deps --require-hashes --no-index -r requirements/torch.txt 2>/dev/null \
		|| $*/bin/python $(PIP) --no-deps --require-hashes --index-url $(TORCH_INDEX) -r requirements/torch.txt
	$*/bin/python $(PIP) --require-hashes -r $(filter-out %/torch.txt,$^)
	@touch $@

$(SERVE)/.ready $(LOADTEST)/.ready: %/.ready:
	$(call new_environment,$*)
	$*/bin/python $(PIP) --require-hashes -r $<
	@touch $@

$(SERVE)/.tracing: requirements/tracing.txt $(SERVE)/.ready
	$(SERVE)/bin/python $(PIP) --require-hashes -r $<
	@touch $@

$(DEV)/.ready: requirements/dev.txt
$(PEERS_VENV)/.ready: requirements/peers.txt
$(SERVE)/.ready: requirements/serve.txt
$(LOADTEST)/.ready: requirements/loadtest.txt

define new_environment
	@$(PYTHON) -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "scandid needs Python 3.11 or newer with its venv module, and '$(PYTHON)' is not one." >&2; \
		echo "On Debian and Ubuntu: apt install python3-venv. Another one: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; \
		exit 1; }
	@echo "Making $(1); this takes a few minutes the first time."
	@rm -rf $(1)
	@$(PYTHON) -m venv $(1)
endef
