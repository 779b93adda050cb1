"""The Prefer header: several preferences in one header, or several headers."""

import re
from dataclasses import dataclass, field

from flask import request

from sandbox.members import digits
from sandbox.refusals import unknown_zone
from sandbox.render import Form
from sandbox.zones import UnknownZone, iana

_PREFERENCE = re.compile(r'\s*([^\s=,;"]+)\s*(?:=\s*(?:"([^"]*)"|([^\s,;"]*)))?\s*(?:[,;]|$)')


@dataclass(slots=True)
class Preferences:
    """What the caller prefers, and (`applied`) what the answer says was heeded."""

    form: Form = field(default_factory=Form)
    page_size: int | None = None
    minimal: bool = False
    applied: list[str] = field(default_factory=list)

    def takes_minimal(self) -> bool:
        """Whether a write is to be answered without the item; only writes heed it, and then say so."""
        if self.minimal:
            self.applied.append("return=minimal")
        return self.minimal


def read() -> Preferences:
    """
    Raises:
        Refusal: a time zone is preferred that nobody knows; there is no falling back.
    """
    given: dict[str, str] = {}
    for header in request.headers.getlist("Prefer"):
        for match in _PREFERENCE.finditer(header):
            given.setdefault(match[1].lower(), match[2] if match[2] is not None else match[3] or "")
    found = Preferences()
    zone = given.get("outlook.timezone")
    if zone is not None:
        try:
            iana(zone)
        except UnknownZone as error:
            raise unknown_zone(zone) from error
        found.applied.append(f'outlook.timezone="{zone}"')
    body = given.get("outlook.body-content-type", "").lower()
    text = body == "text"
    if body in {"text", "html"}:
        found.applied.append(f'outlook.body-content-type="{body}"')
    immutable = given.get("idtype", "").lower() == "immutableid"
    if immutable:
        found.applied.append('IdType="ImmutableId"')
    size = digits(given.get("odata.maxpagesize", ""))
    if size:
        found.page_size = size
        found.applied.append(f"odata.maxpagesize={size}")
    found.minimal = given.get("return", "").lower() == "minimal"
    found.form = Form(immutable=immutable, zone=zone or "UTC", text=text)
    return found
