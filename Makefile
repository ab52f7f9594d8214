# Every target works as the first command on a fresh clone: it makes .venv and installs what it needs, once.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
EXTRAS := all

.PHONY: demo demo-bulk test check docs bench studio clean

demo: $(VENV)/.user  ## teach from pictures, recognise others, draw the answers: .demo/answers.png
	$(BIN)/python -m whatsit.demo --output .demo/answers.png

demo-bulk: $(VENV)/.bulk  ## thousands of pictures made, classified, killed, resumed, searched and summarised, with figures
	$(BIN)/python examples/bulk.py --output .demo/bulk

studio: $(VENV)/.user  ## the web studio on http://127.0.0.1:8000
	$(BIN)/whatsit studio

test: $(VENV)/.dev  ## every test; the browser's and the cameras' use Debian's programs
	tools/debian_packages.sh
	$(BIN)/python -m pytest $(PYTEST)

check: $(VENV)/.dev  ## style, types, layers
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(VENV)/.docs  ## the documentation as a site: build/site/index.html
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet

bench: $(VENV)/.user $(VENV)/.mediapipe  ## one table of ratios; PICTURES=folder for your own
	$(BIN)/python -m benchmarks --mediapipe $(VENV)/mediapipe/bin/python $(PICTURES)

clean:
	rm -rf $(VENV) .demo build

$(BIN)/python:
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); tools/debian_packages.sh python3-venv && $(PYTHON) -m venv $(VENV); }

$(VENV)/.user: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable '.[opencv,studio,teach]'
	touch $@

$(VENV)/.bulk: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable '.[bulk,opencv,studio,teach]'
	touch $@ $(VENV)/.user

# Dependency groups came with pip 25.1; Debian 12 brings 23.
$(VENV)/.dev: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --editable '.[$(EXTRAS)]' --group dev
	touch $@ $(VENV)/.docs $(VENV)/.user

$(VENV)/.docs: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --editable '.[opencv,studio,teach]' --group docs
	touch $@ $(VENV)/.user

# MediaPipe lives apart: a peer to measure against, never a dependency.
$(VENV)/.mediapipe: | $(BIN)/python
	$(PYTHON) -m venv $(VENV)/mediapipe
	$(VENV)/mediapipe/bin/python -m pip install --quiet mediapipe
	touch $@
