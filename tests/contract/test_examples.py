"""Every example of Microsoft's pages is played against the sandbox, or stands in a list with the reason why not."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.contract import plays
from tests.contract.examples import NOT_PLAYED, PLAYS, Stage, lacks, sample
from tests.sandbox.graph_side import Listener
from tests.shared import SHARED, shared

FOLDER = SHARED / "graph" / "examples"


@pytest.fixture
def stage(listener: Listener) -> Iterator[Stage]:
    return Stage(listener)


def names() -> set[str]:
    """Of all files, each request together with its response."""
    return {path.stem.removesuffix("-request").removesuffix("-response") for path in FOLDER.glob("*.json")}


def test_no_example_is_left_out_and_none_is_listed_that_does_not_exist() -> None:
    assert plays.MODULES
    shared("graph/examples/event-get-response.json")
    assert set(PLAYS) | set(NOT_PLAYED) == names()
    assert not set(PLAYS) & set(NOT_PLAYED)


@pytest.mark.parametrize("name", sorted(PLAYS))
def test_an_example_is_answered_as_published(stage: Stage, name: str) -> None:
    play = PLAYS[name]
    response = play.perform(stage, request_of(name))
    if not isinstance(response, dict):
        assert response.status_code == play.status, response.get_data(as_text=True)
        response = response.json if response.data else None
    wanted = answer_of(name)
    if wanted is not None:
        assert response is not None
        found = lacks(response, wanted)
        assert [place for place in found if place not in play.without] == []
        assert set(play.without) <= set(found), "a reason for what is not missing"


def request_of(name: str) -> Any:
    if not (FOLDER / f"{name}-request.json").is_file():
        return None
    body = sample(f"{name}-request")
    return {**body, **PLAYS[name].filled} if isinstance(body, dict) else body


def answer_of(name: str) -> Any:
    for stem in (f"{name}-response", name):
        if (FOLDER / f"{stem}.json").is_file():
            return sample(stem)
    return None
