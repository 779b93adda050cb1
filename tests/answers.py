"""
Every JSON answer of the sandbox's Graph that a test run sees, held against the schema of Microsoft's API.

It listens to Flask's own signal, so it meets the answers of every sandbox in this process; the sandbox that
`tests.services` starts in a process of its own listens in the same way (`tests.checked_sandbox`).

Left out: what a fault made odd, and what the edit door shows verbatim. `OWN_SCHEMAS` admit undeclared members.
"""

import copy
import json
import re
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from http import HTTPStatus
from threading import Lock
from typing import Any

import flask
import jsonschema_rs
from flask import Flask, Response

from tests.shared import SHARED

JSON = dict[str, Any]
DOCUMENT = SHARED / "graph" / "openapi-calendar.json"
MOST_PROBLEMS = 50
# Schemas of our own, for what the document has none.
SINGLE_VALUE = "singlePrimitive"
EXTENSIONS = "extensionCollectionResponse"
USERS = "userCollectionResponse"
GROUP = "group"
GROUPS = "groupCollectionResponse"


def _collection_of(schema: str) -> JSON:
    items = {"type": "array", "items": {"$ref": f"#/components/schemas/{schema}"}}
    return {"type": "object", "required": ["value"], "properties": {"value": items}}


OWN_SCHEMAS: JSON = {
    SINGLE_VALUE: {"type": "object", "required": ["@odata.context", "value"], "maxProperties": 2},
    EXTENSIONS: _collection_of("openTypeExtension"),
    USERS: _collection_of("user"),
    GROUP: {"type": "object", "required": ["id"], "properties": {"displayName": {"type": ["string", "null"]}}},
    GROUPS: _collection_of(GROUP),
}

# What Microsoft's document, cut to calendars, does not list although the pages about calendars do: expressions for
# paths below the version, and the schema of what they answer.
_MAILBOX = "/(?:me|users/[^/]+)"
_CALENDAR = f"{_MAILBOX}(?:/calendar|(?:/calendarGroups/[^/]+)?/calendars/[^/]+)?"
_EVENT = f"{_CALENDAR}/events/[^/]+"
_PRIMITIVES = "timeZone|dateFormat|timeFormat|userPurpose|archiveFolder|delegateMeetingMessageDeliveryOptions"
BESIDE_THE_DOCUMENT: dict[tuple[str, str], str] = {
    ("GET", f"{_MAILBOX}/mailboxSettings/workingHours"): "workingHours",
    ("GET", f"{_MAILBOX}/mailboxSettings/automaticRepliesSetting"): "automaticRepliesSetting",
    ("GET", f"{_MAILBOX}/mailboxSettings/language"): "localeInfo",
    ("GET", f"{_MAILBOX}/mailboxSettings/(?:{_PRIMITIVES})"): SINGLE_VALUE,
    # Named parameters come in any order and case.
    ("GET", rf"{_MAILBOX}/reminderView\(.+\)"): "reminderCollectionResponse",
    ("GET", rf"{_MAILBOX}/outlook/supportedTimeZones\(.+\)"): "timeZoneInformationCollectionResponse",
    ("GET", rf"{_CALENDAR}/events/(?:microsoft\.graph\.)?delta(?:\(\))?"): "eventDeltaResponse",
    ("GET", f"{_EVENT}/calendar"): "calendar",
    ("GET", rf"{_CALENDAR}/allowedCalendarSharingRoles\(.+\)"): "stringCollectionResponse",
    ("GET", "/users"): USERS,
    ("GET", "/groups"): GROUPS,
    ("GET", "/groups/[^/]+"): GROUP,
    ("GET", f"{_EVENT}/extensions"): EXTENSIONS,
}
# Seen in answers of the service, and declared nowhere.
SEEN_BUT_NOT_DECLARED = {"event": ("IsRoomRequested", "AutoRoomBookingStatus")}


class Schemas:
    """The schema of each operation's answer, made strict: a member that the document does not declare is a mistake."""

    def __init__(self, document: JSON) -> None:
        self._components = {"schemas": {**strict(document["components"]["schemas"]), **OWN_SCHEMAS}}
        self._operations = sorted(
            (
                (pattern(path), path.count("{"), method.upper(), answer_of(operation))
                for path, methods in document["paths"].items()
                for method, operation in methods.items()
            ),
            # A word in a path is meant; an id that happens to look like it is not.
            key=lambda entry: entry[1],
        )
        self._validators: dict[str, jsonschema_rs.Validator] = {}

    def name_for(self, method: str, path: str) -> str | None:
        """The schema of a successful answer; null where nothing describes the call."""
        for (verb, regex_text), beside in BESIDE_THE_DOCUMENT.items():
            if verb == method and re.fullmatch(regex_text, path, re.IGNORECASE):
                return beside
        return next(
            (schema for regex, _, verb, schema in self._operations if verb == method and regex.fullmatch(path)), None
        )

    def faults(self, schema: str, body: Any) -> list[str]:
        validator = self._validators.get(schema)
        if validator is None:
            whole = {"$ref": f"#/components/schemas/{schema}", "components": self._components}
            validator = self._validators[schema] = jsonschema_rs.Draft202012Validator(whole)
        return [f"{'/'.join(map(str, each.instance_path))}: {each.message}" for each in validator.iter_errors(body)]


# A member of one of these types may hold any of its subtypes.
POLYMORPHIC = frozenset({"attachment", "extension", "timeZoneBase"})
BASE = "__base"


def strict(schemas: JSON) -> JSON:
    """Declared members only, save annotations; what is open by design, or stands for its subtypes, stays as it is."""
    found: JSON = {}
    for name, schema in copy.deepcopy(schemas).items():
        parts = [schema, *schema.get("allOf", [])]
        objects = [part for part in parts if "properties" in part]
        for part in parts:
            if "$ref" in part:
                # What a type inherits is declared, and may not close the type before its own members are seen.
                part["$ref"] += BASE
        is_open = name in POLYMORPHIC or any(part.get("x-openType") and name != "event" for part in objects)
        if objects and not is_open:
            for part in objects:
                part.pop("additionalProperties", None)
            found[name + BASE] = schema
            seen = dict.fromkeys(SEEN_BUT_NOT_DECLARED.get(name, ()), True)
            closed = {"patternProperties": {"@": True, **seen}, "unevaluatedProperties": False}
            found[name] = schema | closed
        else:
            found[name] = found[name + BASE] = schema
    return found


def pattern(path: str) -> re.Pattern[str]:
    """A path of the document as an expression for the paths that mean it."""
    parts = [re.escape(part) if not part.startswith("{") else "[^/]+" for part in re.split(r"(\{[^}]+\})", path)]
    text = "".join(parts)
    # Functions are called with and without brackets, and by their full name.
    text = re.sub(r"/(delta|supportedTimeZones|getSchedule)(?=$)", r"/(?:microsoft\\.graph\\.)?\1(?:\\(\\))?", text)
    return re.compile(text, re.IGNORECASE)


def answer_of(operation: JSON) -> str | None:
    for status, response in operation["responses"].items():
        if status.startswith("2"):
            content = response.get("content", {}).get("application/json")
            return content["schema"]["$ref"].rpartition("/")[2] if content else None
    return None


def plain_path(path: str) -> str:
    """Below the version, with keys as words of their own; a group's calendar answers as a person's does."""
    path = re.sub(r"^/v1\.0", "", path, flags=re.IGNORECASE).rstrip("/")
    path = re.sub(r"(\w+)\('([^'=]*)'\)", r"\1/\2", path)
    return re.sub(r"^/groups/(?=[^/]+/)", "/users/", path, flags=re.IGNORECASE)


@dataclass
class Findings:
    """What was looked at, and what was wrong with it."""

    checked: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    _verbatim: set[str] = field(default_factory=set)
    _lock: Lock = field(default_factory=Lock)

    def look(self, _: Flask, response: Response, **__: Any) -> None:
        """Called by Flask after each answer, while its request is still at hand."""
        path = flask.request.path
        if path == "/_sandbox/edit" and response.status_code == HTTPStatus.OK:
            self._note_verbatim(flask.request.get_json(), response.get_json())
        elif path.lower().startswith("/v1.0/") and response.mimetype == "application/json" and response.data:
            self._check(flask.request.method, path, response)

    def _note_verbatim(self, asked: JSON, made: JSON) -> None:
        """What the edit door shows verbatim is meant to fit no schema."""
        if asked.get("op") == "raw":
            shown = asked.get("event") or {}
            with self._lock:
                self._verbatim |= {made["id"], made["immutableId"], *([str(shown["id"])] if "id" in shown else [])}

    def _check(self, method: str, path: str, response: Response) -> None:
        if flask.g.get("fault") is not None:
            # Odd because a test asked for it.
            return
        schemas = load()
        path = plain_path(path)
        if response.status_code >= HTTPStatus.BAD_REQUEST:
            name: str | None = "odataError"
        else:
            # HEAD is answered as GET is; the body is taken away afterwards.
            name = schemas.name_for("GET" if method == "HEAD" else method, path)
        found: list[str]
        try:
            body = json.loads(response.data)
        except ValueError as error:
            name, found = name or "nothing", [str(error)]
        else:
            found = schemas.faults(name, self._without_verbatim(body)) if name else ["no operation describes it"]
        with self._lock:
            self.checked[name or "undescribed"] += 1
            room = MOST_PROBLEMS - len(self.problems)
            self.problems += [
                f"{method} {path} -> {response.status_code} {name}: {fault[:400]}" for fault in found[: max(0, room)]
            ]

    def _without_verbatim(self, body: Any) -> Any:
        if not self._verbatim or not isinstance(body, dict):
            return body
        if isinstance(body.get("value"), list):
            return {**body, "value": [item for item in body["value"] if not self._is_verbatim(item)]}
        return {} if self._is_verbatim(body) else body

    def _is_verbatim(self, item: Any) -> bool:
        return isinstance(item, dict) and "id" in item and str(item["id"]) in self._verbatim

    def as_json(self) -> JSON:
        with self._lock:
            return {"checked": dict(self.checked), "problems": list(self.problems)}

    def add(self, other: JSON) -> None:
        """Take in what another process found."""
        with self._lock:
            self.checked.update(other["checked"])
            self.problems += other["problems"]


@cache
def load() -> Schemas:
    return Schemas(json.loads(DOCUMENT.read_text(encoding="utf-8")))


def can_be_checked() -> bool:
    return DOCUMENT.is_file()
