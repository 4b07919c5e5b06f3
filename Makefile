# Every command is one line over facio_site/launch.py, which finds a Python and makes .venv.
# HOST=... and PORT=... say where `run` and `demo` serve; ARGS="..." is handed to test and bench.
.DEFAULT_GOAL := help
.PHONY: help run demo test lanes check fix bench screenshots

define launch
@for python in .venv/bin/python "$$PYTHON" python3 python3.14 python3.13 python3.12 python3.11 python /usr/bin/python3; do \
	"$$python" -I -c 'import sys; sys.exit(sys.version_info < (3, 9))' 2>/dev/null && \
	exec "$$python" -I facio_site/launch.py $@; \
done; echo "facio: Python 3.11 or newer is needed; none was found." >&2; exit 1
endef

help:
	@echo "make run          serve on http://127.0.0.1:8000 (HOST and PORT change that)"
	@echo "make demo         the same with simulated providers and a throw-away state"
	@echo "make test         the whole test suite (ARGS: more for pytest)"
	@echo "make lanes        the same on PostgreSQL and a real redis-server (ARGS: likewise)"
	@echo "make check        lint, format, types, architecture, settings, tests: what CI runs"
	@echo "make fix          what lint and formatters can mend by themselves"
	@echo "make bench        benchmark programs, results as a table"
	@echo "make screenshots  pictures of every page into docs/screenshots"

run:
	$(launch)
demo:
	$(launch)
test:
	$(launch)
lanes:
	$(launch)
check:
	$(launch)
fix:
	$(launch)
bench:
	$(launch)
screenshots:
	$(launch)
