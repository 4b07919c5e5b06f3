# Every command is one line: a lock, then words for the Python of .venv, in which that lock is
# installed first (facio_site/run/bootstrap.py; it wants no more than any Python 3.9).
# HOST=... and PORT=... say where `run` and `demo` serve; ARGS="..." is handed to the program.
# With a broker of your own (REDIS_URL, here or in .env) the embedded one is not installed: it has no
# build for every machine.
.DEFAULT_GOAL := help
.PHONY: help run demo quick test lanes check fix lock bench screenshots

define python
for python in .venv/bin/python "$$PYTHON" python3 python3.14 python3.13 python3.12 python3.11 python /usr/bin/python3; do \
	"$$python" -I -c 'import sys; sys.exit(sys.version_info < (3, 9))' 2>/dev/null && \
	exec "$$python" -I facio_site/run/bootstrap.py $(1); \
done; echo "facio: Python 3.11 or newer is needed (Debian, Ubuntu: apt install python3)." >&2; exit 1
endef

own_broker = $(REDIS_URL)$(REDIS_URL_FILE)$(shell grep -sE "^ *(export )?REDIS_URL(_FILE)?=['\"]?[a-z./]" .env)

help:
	@echo "make run          serve on http://127.0.0.1:8000 (HOST and PORT change that)"
	@echo "make demo         the same with simulated providers and a throw-away state"
	@echo "make quick        the tests without browsers and processes of their own, in a few minutes"
	@echo "make test         the whole test suite (ARGS: more for pytest)"
	@echo "make lanes        the same on PostgreSQL and a real redis-server, fuzzed freely (likewise)"
	@echo "make check        lint, format, types, architecture, settings, tests: what CI runs"
	@echo "make fix          what lint and formatters can mend by themselves"
	@echo "make lock         the requirement files anew (ARGS=--upgrade: with the newest versions)"
	@echo "make bench        benchmark programs, results as a table (ARGS: --quick, --only)"
	@echo "make screenshots  pictures of every page into docs/screenshots"

run:
	@$(call python,$(if $(own_broker),requirements-server.txt,requirements.txt) -m facio_site.up)
demo:
	@$(call python,requirements.txt -m facio_site.up --demo)
quick:
	@$(call python,requirements-dev.txt -m pytest -q -n logical -m "not (browser or journey or battery or nanobot)" $(ARGS))
test:
	@$(call python,requirements-dev.txt -m tests.outfit -m pytest -n auto $(ARGS))
lanes:
	@$(call python,requirements-dev.txt -m tests.outfit -m tests.lanes -n auto $(ARGS))
	@FUZZ=free; export FUZZ; $(call python,requirements-dev.txt -m pytest -q -n auto -m hypothesis $(ARGS))
check:
	@$(call python,requirements-dev.txt -m tests.checks $(ARGS))
fix:
	@$(call python,requirements-dev.txt -m tests.checks --fix)
lock:
	@$(call python,requirements-dev.txt -m tests.lock $(ARGS))
bench:
	@$(call python,requirements-dev.txt -m tests.outfit -m tests.bench $(ARGS))
screenshots:
	@$(call python,requirements-dev.txt -m tests.screenshots $(ARGS))
