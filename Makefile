# Brownout's commands. They need make and Python 3.11 or later with its venv module.
# Another interpreter: make test PYTHON=python3.13

PYTHON ?= python3
RUN = .venv/bin/python
# A development environment for the tools; tests/__init__.py says the same to the tests.
DEVELOPMENT = DEBUG=1 HTTPS=0 BROKER_URL=memory://
# What a deployment sets, to check the settings as they would run.
PRODUCTION = DEBUG=0 HTTPS=1 SECRET_KEY=$$($(RUN) -c 'import secrets; print(secrets.token_urlsafe(50))') \
	ALLOWED_HOSTS=brownout.example BASE_URL=https://brownout.example

.PHONY: help demo test lint unit integration browser postgres bench screenshots lock setup development
# The steps of `make test` compete for the same cores: one after the other, even with make -j.
.NOTPARALLEL:

help: ## list the commands
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1\t\2/p' Makefile

setup: ## only the environment, from the lock file
	@$(call installed,requirements-dev.txt) || $(call installed,requirements.txt) || { $(call install,requirements.txt); }

demo: setup ## the demo on http://127.0.0.1:8000; RESET=1 starts over, PORT=8080 moves it, PROMETHEUS=1 measures through one, SCENARIO=campaign tells another story
	@$(RUN) manage.py demo $(if $(RESET),--reset) $(if $(PORT),--port $(PORT)) $(if $(PROMETHEUS),--prometheus) $(if $(SCENARIO),--scenario $(SCENARIO))

test: lint unit integration browser postgres ## every check and every test

bench: development ## measurements of this machine; PARTS=truth, cost, loop, pages, interactive, flags or availability for some of them
	@$(RUN) -m bench $(PARTS)

screenshots: development ## the pictures of the README, from a demo during its first incident
	@$(RUN) -m tests.screenshots $(if $(URL),--url $(URL))

lint: development ## style, types, floors, migrations, deployment settings
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	$(DEVELOPMENT) .venv/bin/mypy
	.venv/bin/lint-imports
	$(DEVELOPMENT) $(RUN) manage.py makemigrations --check --dry-run
	$(PRODUCTION) $(RUN) manage.py check --deploy --fail-level WARNING

unit: development ## tests that need nothing but Python
	.venv/bin/pytest -m unit --numprocesses 2

integration: development ## tests that speak to real servers
	.venv/bin/pytest -m integration --numprocesses 3

browser: development ## tests that look at pages in Chromium, and the journeys
	.venv/bin/pytest -m browser --numprocesses 2

# The journeys and the test of faults bring their own PostgreSQL; what speaks to a Prometheus is no different on
# it, and pages read through the same selectors.
postgres: development ## what uses the database once more, on PostgreSQL and Redis
	$(RUN) -m tests.servers.with_postgres -m "database and unit" --numprocesses 3 tests/slo tests/alerts tests/degradation

lock: development ## bring the lock files in step with pyproject.toml; UPGRADE=1 takes the newest versions
	$(LOCK) pyproject.toml -o requirements.txt
	$(LOCK) pyproject.toml --group dev -c requirements.txt -o requirements-dev.txt

# One universal lock for every platform, with hashes and without the address of an index.
LOCK = .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	--no-emit-index-url --no-emit-find-links $(if $(UPGRADE),--upgrade)

# .venv/lock is a copy of the lock file .venv was built from, so nothing is installed twice.
development:
	@$(call installed,requirements-dev.txt) || { $(call install,requirements-dev.txt); }

installed = { test -x $(RUN) && cmp -s $(1) .venv/lock; }
install = \
	command -v $(PYTHON) >/dev/null || { echo "There is no $(PYTHON): apt-get install python3 python3-venv" >&2; exit 1; }; \
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Brownout needs Python 3.11 or later, and $$($(PYTHON) -V) is older: make PYTHON=python3.11 …" >&2; exit 1; }; \
	$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "Python's venv module is not installed: apt-get install python3-venv" >&2; exit 1; }; \
	echo "Installing $(1) into .venv; this takes a minute or two." && \
	{ .venv/bin/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear .venv; } && \
	.venv/bin/python -m pip install -qq --disable-pip-version-check --no-input --require-hashes -r $(1) && \
	cp $(1) .venv/lock
