"""Several calls in one."""

from typing import Any

from tests.contract.examples import Stage, plays
from tests.sandbox.graph_side import ALICE, BOB


def statuses(response: Any) -> dict[str, int]:
    return {part["id"]: part["status"] for part in response.json["responses"]}


@plays("batch", without={"/responses/0/headers/location": "files are not imitated, so nothing redirects to one"})
def five_calls(stage: Stage, body: Any) -> Any:
    """Files and tasks are not imitated, and say so each for itself; a person's city is not writable here."""
    response = stage.graph.call("POST", "/$batch", body)
    assert set(statuses(response)) == {"1", "2", "3", "4", "5"}
    return response


@plays("batch-dependson")
def one_after_the_other(stage: Stage, body: Any) -> Any:
    """Its dots stand for addresses."""
    body = {"requests": [{**each, "url": "/me/calendars"} for each in body["requests"]]}
    response = stage.graph.call("POST", "/$batch", body)
    assert statuses(response) == dict.fromkeys("1243", 200)
    assert [part["id"] for part in response.json["responses"]] == ["1", "2", "4", "3"]
    return response


@plays("batch-calendar")
def calendars(stage: Stage, body: Any) -> Any:
    made = stage.event()
    names = {"adelev@contoso.com": ALICE, "meganb@contoso.com": BOB, "AAMkAGI1AAAt9AHjAAA=": made["id"]}
    for each in body["requests"]:
        for sample_name, ours in names.items():
            each["url"] = each["url"].replace(sample_name, ours)
    response = stage.app.call("POST", "/$batch", body)
    assert statuses(response) == {"1": 200, "2": 200, "3": 200}
    return response


@plays("batch-throttled")
def throttled(stage: Stage, _: Any) -> Any:
    stage.stand_in.door("faults", match={"path": "/me/events"}, do={"status": 429, "retry_after": 17}, times=1)
    requests = [
        {"id": "1", "method": "GET", "url": "/me/calendarGroups"},
        {"id": "2", "method": "GET", "url": "/me/events"},
        {"id": "3", "method": "GET", "url": "/me/calendars", "dependsOn": ["2"]},
    ]
    response = stage.graph.call("POST", "/$batch", {"requests": requests})
    assert statuses(response) == {"1": 200, "2": 429, "3": 424}
    parts = {part["id"]: part for part in response.json["responses"]}
    assert parts["2"]["headers"]["Retry-After"] == "17"
    return {"responses": [parts["1"], parts["2"], parts["3"]]}
