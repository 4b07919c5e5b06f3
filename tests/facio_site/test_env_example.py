"""`.env.example` against the code: every variable that is read has its line and its words."""

import itertools
import re

from tests.processes import ROOT

READERS = [
    ROOT / "facio_site" / "settings.py",
    *(ROOT / "facio_site" / "run").glob("*.py"),
    ROOT / "providers" / "models" / "credentials.py",
]
NOT_SETTINGS = {"FACIO_SERVING", "PATH", "PYTHON", "XDG_RUNTIME_DIR"}


def test_the_example_names_every_variable_that_is_read() -> None:
    read: set[str] = set()
    for path in READERS:
        for pattern in (r'environ(?:\.get\(|\[)"', r'environ, "', r'env\.\w+\(\s*"'):
            read |= set(re.findall(rf'{pattern}([A-Z_]+)"', path.read_text()))
        secrets = re.findall(r'env\.secret\("([A-Z_]+)"', path.read_text())
        read |= {f"{name}_FILE" for name in secrets}
    example = (ROOT / ".env.example").read_text()
    assert {"SECRET_KEY", "WORKER_CONCURRENCY", "AWS_SHARED_CREDENTIALS_FILE"} <= read
    assert {f"{name}_FILE" for name in ("SECRET_KEY", "DATABASE_URL", "REDIS_URL")} <= read
    assert read - NOT_SETTINGS <= set(re.findall(r"^#([A-Z_]+)=", example, re.M))


def test_each_line_of_the_example_stands_under_its_explanation() -> None:
    lines = (ROOT / ".env.example").read_text().splitlines()
    for before, line in itertools.pairwise(lines):
        if re.match(r"#[A-Z_]+=", line):
            assert re.match(r"# \S", before), line
