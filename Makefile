# make demo   play the shipped scenario through the real system (sets everything up first)
# make test   all tests (sets everything up first; real-server tests run where Java and Maven are)
# make stack  a real Kafka and Elasticsearch on this machine, for trying things against them
# make lock   renew the locks after a change of pyproject.toml
#
# What serves is small: the classifier runs on the CPU by ONNX Runtime. PyTorch (several GB) comes with the tests,
# and with `make demo` on a machine with an NVIDIA GPU (GPU=0 leaves it out, GPU=1 takes it).

SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
export UV_CACHE_DIR := $(CURDIR)/$(VENV)/.uv-cache
export PIP_DISABLE_PIP_VERSION_CHECK := 1

PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3 python; do \
	if $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then echo $$p; break; fi; done)

GPU ?= $(shell nvidia-smi -L >/dev/null 2>&1 && echo 1)
RUN_LOCK := requirements$(if $(filter 1,$(GPU)),-gpu).lock

.PHONY: setup setup-dev demo test lint types stack lock clean

# A mirror that pip is configured for is used by uv too.
define install
index="$${PIP_INDEX_URL:-$$($(BIN)/pip config get global.index-url 2>/dev/null)}"; \
	$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes $${index:+--default-index "$$index"} $(1) && \
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --offline --editable .
endef

$(BIN)/uv: requirements-installer.lock
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed (PYTHON=/path/to/python3.11 make …)" >&2; exit 1; }
	@echo "正在准备 setting up $(VENV) with $(PYTHON) …" >&2
	@$(PYTHON) -m venv $(VENV) || { echo "venv failed; on Debian or Ubuntu: apt install python3-venv" >&2; exit 1; }
	@$(BIN)/python -m pip install --quiet --no-cache-dir --require-hashes -r requirements-installer.lock
	@touch $@

# A development install holds all that a run needs: where one was made, it is renewed and not cut down.
$(VENV)/.run: $(BIN)/uv $(RUN_LOCK) pyproject.toml
	@if [ -e $(VENV)/.dev ]; then $(MAKE) --no-print-directory $(VENV)/.dev; else \
	echo "正在安装依赖 installing what it needs ($(RUN_LOCK)) …" >&2; \
	$(call install,$(RUN_LOCK)); fi
	@touch $@

$(VENV)/.dev: $(BIN)/uv requirements-dev.lock pyproject.toml
	@echo "正在安装依赖与测试工具 installing what it and its tests need (PyTorch is large: some minutes on a slow line) …" >&2
	@$(call install,requirements-dev.lock)
	@touch $@ $(VENV)/.run

setup: $(VENV)/.run

setup-dev: $(VENV)/.dev

demo: $(VENV)/.run
	@$(BIN)/fengsheng demo $(ARGS)

test: $(VENV)/.dev
	@$(BIN)/python -m pytest $(ARGS)

lint: $(VENV)/.dev
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

types: $(VENV)/.dev
	@$(BIN)/mypy

stack: $(VENV)/.dev
	@$(BIN)/python -m tests.servers $(ARGS)

# Each lock holds the one before it, at the same versions.
lock: $(BIN)/uv
	@before=; for extra in "" gpu dev; do lock=requirements$${extra:+-$$extra}.lock; \
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-emit-find-links --no-annotate --no-header pyproject.toml $${extra:+--extra $$extra -c $$before} \
	-o $$lock || exit 1; before=$$lock; done

clean:
	@rm -rf $(VENV) .stack
