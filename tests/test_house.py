"""The structure keeps to its goals; what measures it sees what it is for."""

import grimp
import pytest

from tests import house


@pytest.fixture(scope="module")
def found():
    return house.measure()


@pytest.mark.parametrize(
    "name", [name for name, goal in house.GOALS.items() if goal.most is not None]
)
def test_the_house_keeps_to_its_goal(found, name):
    value, place = found[name]
    assert value <= house.GOALS[name].most, place


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


def test_the_command_tells_every_measure(capsys):
    assert house.main([]) == 0
    told = capsys.readouterr().out
    assert all(goal.words in told for goal in house.GOALS.values())
