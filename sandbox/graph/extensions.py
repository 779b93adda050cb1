"""Open extensions of an event. Those of a series belong to all of it, whichever instance is named."""

from urllib.parse import quote

from flask import Response

from sandbox import extensions
from sandbox.graph import expand, query
from sandbox.graph.addressing import addressed
from sandbox.graph.call import READ, WRITE, Call
from sandbox.graph.envelope import answer, context, empty
from sandbox.graph.listing import listing
from sandbox.graph.routing import container
from sandbox.items import Event, Extension
from sandbox.refusals import item_not_found


@container.route("GET", "events/*/extensions")
def list_extensions(call: Call) -> Response:
    call.need(READ)
    event, _ = addressed(call)
    shown = [extensions.shown(each) for each in event.extensions.values()]
    return listing(call, shown, f"events('{quote(call.path_ids[0])}')/extensions")


@container.route("POST", "events/*/extensions")
def add_extension(call: Call) -> Response:
    """Add one. The event stays the version that it was, and nobody is told."""
    call.need(WRITE)
    event, _ = addressed(call)
    extension = extensions.read(call.body())
    if extensions.key_of(extension.name) in event.extensions:
        raise extensions.there_already(extension.name)
    event.extensions[extensions.key_of(extension.name)] = extension
    return _answer(call, extension, 201)


@container.route("GET", "events/*/extensions/*")
def show_extension(call: Call) -> Response:
    call.need(READ)
    expand.read(())
    _, extension = _found(call)
    return _answer(call, extension)


@container.route("PATCH", "events/*/extensions/*")
def update_extension(call: Call) -> Response:
    """Members that are sent replace those of the same name; null takes one away."""
    call.need(WRITE)
    _, extension = _found(call)
    changed = extension.members | extensions.own_members(call.body())
    extension.members = {name: value for name, value in changed.items() if value is not None}
    return _answer(call, extension)


@container.route("DELETE", "events/*/extensions/*")
def delete_extension(call: Call) -> Response:
    call.need(WRITE)
    event, extension = _found(call)
    del event.extensions[extensions.key_of(extension.name)]
    return empty(204)


def _found(call: Call) -> tuple[Event, Extension]:
    event, _ = addressed(call)
    extension = event.extensions.get(extensions.key_of(call.ids[1]))
    if extension is None:
        raise item_not_found()
    return event, extension


def _answer(call: Call, extension: Extension, status: int = 200) -> Response:
    where = f"{call.root}/events('{quote(call.path_ids[0])}')/extensions/$entity"
    shown = query.narrow(extensions.shown(extension), query.selected())
    return answer({"@odata.context": context(where), **shown}, status)
