# What a developer types. The environment is made by itself, and again when a requirements file changes.

PYTHON_HERE := .venv/bin/python
READY := .venv/.ready

.DEFAULT_GOAL := help

.PHONY: help
help: ## Say what there is
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-14s%s\n", $$1, $$2 }' Makefile

$(READY): requirements/development.txt scripts/prepare.py scripts/prepare.sh
	@sh scripts/prepare.sh

.PHONY: run
run: $(READY) ## Start everything on http://localhost:8000 (PORT=, SANDBOX_PORT= move it); Ctrl-C stops it
	@exec $(PYTHON_HERE) -m scripts.launch

.PHONY: test
test: lint ## Check and test everything, against services of its own
	@exec $(PYTHON_HERE) -m scripts.run_tests

# The type checker reads the settings but talks to no server: values that nothing rests on.
lint: export DEBUG := true
lint: export SECRET_KEY := for-checks-only
lint: export SEAL_KEYS := checks:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
lint: export DATABASE_URL := postgres://almanac_app@localhost/almanac
lint: export REDIS_URL := redis://localhost/0
.PHONY: lint
lint: $(READY) ## Check style, types and layers
	$(PYTHON_HERE) -m ruff check
	$(PYTHON_HERE) -m ruff format --check
	$(PYTHON_HERE) -m mypy
	$(PYTHON_HERE) -c 'from importlinter.cli import lint_imports_command; lint_imports_command()'

.PHONY: format
format: $(READY) ## Put the code into shape
	$(PYTHON_HERE) -m ruff check --fix
	$(PYTHON_HERE) -m ruff format

.PHONY: shell
shell: $(READY) ## Open a Python shell on the data of `make run`
	@exec $(PYTHON_HERE) -m scripts.manage shell

.PHONY: code
code: $(READY) ## Print the six digits with which the demo's support person signs in
	@exec $(PYTHON_HERE) -m scripts.manage demo_code

.PHONY: migrations
migrations: $(READY) ## Write the migrations that the models ask for
	@exec $(PYTHON_HERE) -m scripts.manage makemigrations

.PHONY: screenshots
screenshots: $(READY) ## Drive the browser tests; pictures land in var/screenshots
	ALMANAC_ALL_SIGHTS=1 $(PYTHON_HERE) -m pytest -m browser

.PHONY: requirements
requirements: $(READY) ## Compile requirements/*.in, with hashes (UPGRADE=1 takes newer versions)
	for name in base production development; do \
		$(PYTHON_HERE) -m uv pip compile --quiet --no-cache $(if $(UPGRADE),--upgrade) --generate-hashes --universal --python-version 3.11 \
			--custom-compile-command "make requirements" \
			"requirements/$$name.in" --output-file "requirements/$$name.txt" || exit 1; \
	done

.PHONY: audit
audit: $(READY) ## Ask for known vulnerabilities in what we pin
	$(PYTHON_HERE) -m pip_audit --strict --require-hashes --disable-pip -r requirements/production.txt
	$(PYTHON_HERE) -m pip_audit --strict --require-hashes --disable-pip -r requirements/development.txt
