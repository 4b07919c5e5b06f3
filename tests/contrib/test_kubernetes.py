"""contrib/kubernetes against the schema of the API, and against the image that it starts."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from django.core.exceptions import ImproperlyConfigured

from facio_site.environment import Env
from facio_site.sealing import BadMasterKey, own_keys
from tests.contrib.image import IMAGE
from tests.processes import ROOT

pytestmark = pytest.mark.battery

FOLDER = ROOT / "contrib" / "kubernetes"
FILES = sorted(path for path in FOLDER.glob("*.yaml") if path.stem != "kustomization")
VERSIONS = ("1.30", kubernetes_validate.latest_version())
PARTS = {"migrate": "Job", "web": "Deployment", "worker": "Deployment"}


def documents(path: Path) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(path.read_text()))


def one(kind: str, part: str = "") -> dict[str, Any]:
    found = [
        document
        for path in FILES
        for document in documents(path)
        if document["kind"] == kind and document["metadata"]["name"].endswith(part)
    ]
    assert len(found) == 1
    return found[0]


def pods() -> Iterator[tuple[str, dict[str, Any]]]:
    for part, kind in PARTS.items():
        yield part, one(kind, part)["spec"]["template"]["spec"]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_every_document_is_one_of_the_api(path: Path, version: str) -> None:
    for document in documents(path):
        kubernetes_validate.validate(document, version, strict=True)


def test_a_word_that_the_api_does_not_know_is_found() -> None:
    document = one("Deployment", "web")
    document["spec"]["replica"] = 2
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(document, VERSIONS[-1], strict=True)


def test_the_list_of_resources_names_every_file() -> None:
    (listed,) = documents(FOLDER / "kustomization.yaml")
    assert sorted(listed["resources"]) == [path.name for path in FILES]


def test_each_part_starts_what_the_image_holds() -> None:
    for part, pod in pods():
        (container,) = pod["containers"]
        words = container.get("command", IMAGE.entrypoint) + container.get("args", [])
        expected = {
            "migrate": ["python", "manage.py", "migrate_site"],
            "web": ["python", "-m", "facio_site.up", "--web"],
            "worker": ["python", "-m", "facio_site.up", "--worker"],
        }
        assert words == expected[part]
        assert pod["securityContext"]["runAsUser"] == IMAGE.uid
        assert IMAGE.environ["STATE_DIR"] in [m["mountPath"] for m in container["volumeMounts"]]


def test_every_pod_is_bound_as_tightly_as_the_restricted_profile_asks() -> None:
    for part, pod in pods():
        (container,) = pod["containers"]
        own = container["securityContext"]
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert own["allowPrivilegeEscalation"] is False
        assert own["readOnlyRootFilesystem"] is True
        assert own["capabilities"] == {"drop": ["ALL"]}
        assert pod["automountServiceAccountToken"] is False
        assert pod["enableServiceLinks"] is False, part


def test_web_and_worker_are_asked_whether_they_live() -> None:
    for part, pod in pods():
        (container,) = pod["containers"]
        probes = {name for name in container if name.endswith("Probe")}
        if part == "web":
            assert probes == {"startupProbe", "livenessProbe", "readinessProbe"}
            assert {container[name]["httpGet"]["path"] for name in probes} == {"/healthz"}
        elif part == "worker":
            assert probes == {"startupProbe", "livenessProbe"}
            asked = {tuple(container[name]["exec"]["command"]) for name in probes}
            assert asked == {("python", "-m", "facio_site.run.alive", "--worker")}
        else:
            assert probes == set()


def test_selectors_find_their_pods() -> None:
    for part in ("web", "worker"):
        found = one("Deployment", part)["spec"]
        wanted = found["selector"]["matchLabels"]
        assert wanted.items() <= found["template"]["metadata"]["labels"].items()
        assert one("PodDisruptionBudget", part)["spec"]["selector"]["matchLabels"] == wanted
    assert (
        one("Service")["spec"]["selector"]
        == (one("Deployment", "web")["spec"]["selector"]["matchLabels"])
    )


def test_secrets_come_from_files_and_none_is_in_the_manifests() -> None:
    files = {
        value.rpartition("/")[2]
        for name, value in one("ConfigMap")["data"].items()
        if name.endswith("_FILE")
    }
    assert files == set(one("Secret")["stringData"])
    for _, pod in pods():
        (container,) = pod["containers"]
        assert "env" not in container


def test_each_secret_that_nobody_has_filled_in_stops_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    values = one("Secret")["stringData"]
    for name, path in one("ConfigMap")["data"].items():
        if name.endswith("_FILE"):
            file = tmp_path / name
            file.write_text(values[path.rpartition("/")[2]])
            monkeypatch.setenv(name, str(file))
            monkeypatch.delenv(name.removesuffix("_FILE"), raising=False)
            if name != "MASTER_KEY_FILE":
                with pytest.raises(ImproperlyConfigured, match=name):
                    Env().secret(name.removesuffix("_FILE"))
    settings.MASTER_KEYS, settings.MASTER_KEY_FILE = [], tmp_path / "MASTER_KEY_FILE"
    with pytest.raises(BadMasterKey, match="holds no key"):
        own_keys()
