"""The structure keeps to its goals; what measures it sees what it is for."""

import ast
import json

import grimp
import pytest

from tests import house


@pytest.fixture(scope="module")
def found():
    return house.measure()


@pytest.mark.parametrize("name", house.GOALS)
def test_the_house_keeps_to_its_goal(found, name):
    value, place = found[name]
    assert value <= house.GOALS[name].most, place


def test_each_package_says_what_lives_there_and_none_is_left_empty():
    wiring = {"migrations", "management", "commands", "templatetags"}  # Django says what those are
    silent, empty = [], []
    for path in (one for app in house.APPS for one in (house.ROOT / app).rglob("__init__.py")):
        text = path.read_text()
        if not wiring & {*path.parts} and not ast.get_docstring(ast.parse(text)):
            silent.append(path)
        if not [one for one in path.parent.rglob("*.py") if one != path and one.read_text()]:
            empty.append(path)
    assert (silent, empty) == ([], [])


def test_a_circle_and_an_import_that_runs_back_up_are_found():
    graph = grimp.ImportGraph()
    for name in ("providers.http", "providers.spec", "providers.pages"):
        graph.add_module(name)
    graph.add_import(importer="providers.http", imported="providers.spec")
    assert (house.circles(graph), house.upward(graph)) == ([], [])
    graph.add_import(importer="providers.spec", imported="providers.pages")
    graph.add_import(importer="providers.pages", imported="providers.http")
    assert house.circles(graph) == [["providers.http", "providers.pages", "providers.spec"]]
    assert house.upward(graph) == ["providers.spec -> providers.pages"]


@pytest.mark.battery
def test_the_command_tells_every_measure(capsys):
    assert house.main([]) == 0
    told = capsys.readouterr().out
    assert all(goal.words in told for goal in house.GOALS.values())
    assert all(f"at most {goal.most:g}" in told for goal in house.GOALS.values())
    assert house.main(["--json"]) == 0
    assert json.loads(capsys.readouterr().out).keys() == house.GOALS.keys()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty project in the place of this one."""
    monkeypatch.setattr(house, "ROOT", tmp_path)
    return tmp_path


def test_layers_are_read_as_the_linter_reads_them(folder):
    (folder / "pyproject.toml").write_text("""
[[tool.importlinter.contracts]]
type = "layers"
layers = ["routing", "providers : facio_site"]
[[tool.importlinter.contracts]]
type = "layers"
containers = ["providers", "routing"]
layers = ["pages", "(work) | spec"]
[[tool.importlinter.contracts]]
type = "forbidden"
""")
    assert house.layers() == [
        [["routing"], ["providers", "facio_site"]],
        [["providers.pages"], ["providers.work", "providers.spec"]],
        [["routing.pages"], ["routing.work", "routing.spec"]],
    ]


def test_what_python_left_behind_is_not_seen_at_the_first_look(folder):
    for name in ("providers/__init__.py", "providers/urls.py", "providers/http/urls.py"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).touch()
    (folder / "providers/gone/__pycache__").mkdir(parents=True)
    (folder / "providers/notes.txt").touch()
    assert house.at_first_look("providers") == 2


def test_a_function_is_as_long_as_its_lines_and_migrations_do_not_count(folder):
    (folder / "routing/migrations").mkdir(parents=True)
    (folder / "routing/migrations/0001_initial.py").write_text("def long():\n" + "    1\n" * 99)
    (folder / "routing/rules.py").write_text("async def one():\n    def two(): ...\n    two()\n")
    (folder / "manage.py").touch()
    assert sorted(house.function_lengths()) == [
        (1, "routing/rules.py:two"),
        (3, "routing/rules.py:one"),
    ]
