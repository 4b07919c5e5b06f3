"""Dockerfile and compose.yaml, by linters and by what they promise; no engine is needed."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from compose_spec import PyCompose

from facio_site.sealing import parse_master_key
from tests.contrib.image import IMAGE
from tests.processes import ROOT

SITE = ("migrate", "web", "worker")
MAKE_SECRETS = ROOT / "contrib" / "compose" / "make-secrets.sh"


@pytest.fixture
def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
    return found


# The image


def hadolint(text: str) -> "subprocess.CompletedProcess[str]":
    program = shutil.which("hadolint", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    assert program is not None
    return subprocess.run(
        [program, "--failure-threshold=style", "-"], input=text, capture_output=True, text=True
    )


def test_the_linter_of_dockerfiles_finds_nothing() -> None:
    text = (ROOT / "Dockerfile").read_text()
    found = hadolint(text)
    assert (found.returncode, found.stdout) == (0, "")
    assert "hadolint ignore" not in text
    assert "DL3020" in hadolint(text.replace("COPY --from", "ADD --from")).stdout or (
        hadolint(text + "\nRUN cd /tmp\n").returncode
    )


def test_the_last_stage_installs_and_compiles_nothing() -> None:
    last = " ".join(words for name, words in IMAGE.stages[-1] if name == "RUN")
    assert not re.search(r"\b(apt|apt-get|pip|gcc|make|curl|wget)\b", last)
    everything = [words for stage in IMAGE.stages for name, words in stage if name == "RUN"]
    (install,) = [words for words in everything if "pip" in words]
    assert "--require-hashes --only-binary=:all:" in install
    assert "requirements-server.txt" in install


def test_the_image_runs_as_its_own_user_with_a_health_check_and_no_shell_between() -> None:
    assert IMAGE.uid == 10_001
    assert IMAGE.entrypoint + IMAGE.command == ["python", "-m", "facio_site.up", "--web"]
    assert IMAGE.health == ["python", "-m", "facio_site.run.alive", "--web"]


def test_what_is_copied_is_there_and_what_the_builder_is_sent_is_no_more() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    sent = {line[1:] for line in lines if line.startswith("!")}
    assert "*" in lines
    assert set(IMAGE.copied) == sent
    assert all((ROOT / name).exists() for name in sent)
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests"}
    assert packages <= sent


# Compose


def test_compose_is_what_the_specification_allows(compose: dict[str, Any]) -> None:
    found = PyCompose.from_json(json.dumps(compose))
    assert found.service_names() == [*SITE, "database", "broker"]
    compose["services"]["web"]["replica"] = 2
    with pytest.raises(ValueError, match="replica"):
        PyCompose.from_json(json.dumps(compose))


def test_parts_start_what_the_image_holds(compose: dict[str, Any]) -> None:
    words = {
        name: (one.get("entrypoint") or IMAGE.entrypoint) + one["command"]
        for name in SITE
        if (one := compose["services"][name])
    }
    assert words == {
        "migrate": ["python", "manage.py", "migrate_site"],
        "web": ["python", "-m", "facio_site.up", "--web"],
        "worker": ["python", "-m", "facio_site.up", "--worker"],
    }
    assert compose["services"]["worker"]["deploy"]["replicas"] > 1


def test_every_part_is_bound(compose: dict[str, Any]) -> None:
    for name, one in compose["services"].items():
        assert one["cap_drop"] == ["ALL"], name
        assert one["security_opt"] == ["no-new-privileges:true"], name
        if name != "database":
            assert one["read_only"] is True
            assert one["user"] == f"{IMAGE.uid}:{IMAGE.uid}"
    for name in SITE:
        folders = [line.partition(":")[0] for line in compose["services"][name]["tmpfs"]]
        assert folders == [IMAGE.environ["STATE_DIR"], "/tmp"]


def test_each_waits_for_the_health_of_what_it_stands_on(compose: dict[str, Any]) -> None:
    services = compose["services"]
    for name in ("web", "worker"):
        assert services[name]["depends_on"] == {
            "migrate": {"condition": "service_completed_successfully"},
            "database": {"condition": "service_healthy"},
            "broker": {"condition": "service_healthy"},
        }
    assert services["migrate"]["depends_on"] == {"database": {"condition": "service_healthy"}}
    for name in ("web", "worker", "database", "broker"):
        assert services[name]["healthcheck"]["test"][0].startswith("CMD")
    assert services["web"]["healthcheck"]["test"][1:] == IMAGE.health
    assert services["worker"]["healthcheck"]["test"][1:] == [*IMAGE.health[:-1], "--worker"]


def test_secrets_are_files_and_stand_in_no_environment_and_no_word(compose: dict[str, Any]) -> None:
    for name, one in compose["services"].items():
        for variable, value in one.get("environment", {}).items():
            if re.search("URL|KEY|PASSWORD|TOKEN", variable) and variable != "PUBLIC_URL":
                assert variable.endswith("_FILE"), variable
                assert value.removeprefix("/run/secrets/") in one["secrets"]
        assert set(one.get("secrets", ())) <= set(compose["secrets"]), name
    assert all(one["file"].startswith("./secrets/") for one in compose["secrets"].values())
    assert "secrets/" in (ROOT / ".gitignore").read_text().split()


def test_database_and_broker_have_no_way_out_and_no_port(compose: dict[str, Any]) -> None:
    assert compose["networks"]["inside"] == {"internal": True}
    for name in ("database", "broker"):
        assert compose["services"][name]["networks"] == ["inside"]
        assert "ports" not in compose["services"][name]
    assert compose["services"]["web"]["ports"] == ["127.0.0.1:8000:8000"]


def test_the_secrets_are_made_once_and_fit_together(
    tmp_path: Path, compose: dict[str, Any]
) -> None:
    folder = tmp_path / "secrets"
    words = [str(MAKE_SECRETS), str(folder)]
    subprocess.run(words, check=True, capture_output=True)
    made = {path.name: path.read_text() for path in folder.iterdir()}
    assert made.keys() == compose["secrets"].keys()
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o400}
    if os.geteuid() == 0:
        assert {path.stat().st_uid for path in folder.iterdir()} == {IMAGE.uid}
    database, broker = urlsplit(made["database_url"].strip()), urlsplit(made["redis_url"].strip())
    assert (database.hostname, database.password) == ("database", made["database_password"])
    assert (broker.hostname, broker.password) == ("broker", made["broker_password"])
    assert f"requirepass {broker.password}\n" in made["broker_conf"]
    parse_master_key(made["master_keys"])
    assert len(made["secret_key"]) >= 64
    (folder / "redis_url").unlink()
    subprocess.run(words, check=True, capture_output=True)
    assert {path.name: path.read_text() for path in folder.iterdir()} == made
