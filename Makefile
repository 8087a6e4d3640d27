# Two commands on a fresh machine with Python 3.11 or later and a C++ compiler:
#   make prompt                       installs, then answers a question on the bundled model
#   make prompt PROMPT="Why is it slow?"
#   make test                         installs, then runs every check
# The others: make soak, make fuzz, make bench, make guide, make guide-eval, make clean

PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13 || command -v python3)
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check --no-input
PROMPT ?= What is lmrt?
export PROMPT

.DEFAULT_GOAL := help
.PHONY: help prompt test lint types layers tests soak fuzz bench guide guide-eval clean

help:
	@sed -n 's/^# \{0,2\}//p' Makefile | head -5

prompt: $(VENV)/.ready-run
	@$(BIN)/rt prompt "$$PROMPT"

test: lint types layers tests

lint: $(VENV)/.ready-test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(VENV)/.ready-test
	$(BIN)/python tools/typecheck.py

layers: $(VENV)/.ready-test
	$(BIN)/lint-imports --no-cache

tests: $(VENV)/.ready-test
	$(BIN)/python -m pytest -n auto --dist loadfile -m "not soak"

soak: $(VENV)/.ready-test
	HYPOTHESIS_PROFILE=soak $(BIN)/python -m pytest -n auto --dist loadfile --timeout 1500 -m soak

# The laws on examples that no run has tried before.
fuzz: $(VENV)/.ready-test
	HYPOTHESIS_PROFILE=fuzz $(BIN)/python -m pytest -n auto --dist loadfile --timeout 3600 tests/property

bench: $(VENV)/.ready-test
	$(BIN)/python -m benchmarks

guide: $(VENV)/.ready-test
	$(BIN)/python -m guide.train

guide-eval: $(VENV)/.ready-test
	$(BIN)/python -m guide.evaluate

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

# The engine first and alone, so that nothing else delays the message or hides the build.
$(VENV)/.ready-run: pyproject.toml constraints.txt | $(VENV)/bin/python
	@$(BIN)/python -c "import llama_cpp" 2>/dev/null \
	  || $(PIP) cache list llama_cpp_python 2>/dev/null | grep -q llama_cpp_python \
	  || echo "Building llama.cpp from source: about 10 minutes on 2 cores, once; pip keeps the wheel."
	$(PIP) install --quiet -c constraints.txt -e '.[llama-cpp]'
	@touch $@

# torch by itself, so that pip takes exactly this version. The checks run all three backends, and
# cover the training code.
$(VENV)/.ready-test: $(VENV)/.ready-run
	$(PIP) install --quiet -c constraints.txt torch==2.13.0
	$(PIP) install --quiet -c constraints.txt -e '.[llama-cpp,mlx,torch,test,train]'
	@touch $@

clean:
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
