"""
Which tables hold an organization's rows, in which order they can be emptied, and how: in bounded batches.

Read from the models, so that a table that somebody adds is emptied without being named anywhere. A rule test empties an
organization and looks into every one of them.
"""

from collections.abc import Iterator
from functools import cache
from typing import Any, Final

from django.apps import apps
from django.db.models import CASCADE, SET_NULL, ForeignKey, Q, QuerySet

from tenants.models import AuditEntry, Membership, TenantModel

# For one transaction: a fraction of a second, during which others may wait for the same rows.
BATCH: Final = 5000

Table = type[TenantModel]


@cache
def emptied_in_order() -> tuple[Table, ...]:
    """All tables of customers' rows but the activity log, which nobody may delete; those that point at others first."""
    left = {model for model in apps.get_models() if issubclass(model, TenantModel)} - {AuditEntry}
    ordered: list[Table] = []
    while left:
        pointed_at = {target for model in left for _, target in _keys(model) if target is not model}
        free = sorted(left - pointed_at, key=lambda model: model._meta.label)
        if not free:
            raise RuntimeError("tables that point at each other cannot be emptied one by one")
        ordered += free
        left -= set(free)
    return tuple(ordered)


def rows_of(model: Table, organization_id: int) -> QuerySet[Any]:
    """All rows of one organization."""
    # Every manager of a TenantModel is a TenantQuerySet's; a rule test sees to that.
    found: QuerySet[Any] = model._default_manager.of(organization_id)  # type: ignore[attr-defined]  # see above
    return found


def rows_of_member(model: Table, organization_id: int, membership_id: int) -> QuerySet[Any] | None:
    """The rows that end with this member, whatever stands in between; None where none do."""
    if model is Membership:
        return None  # itself is the last, and nobody's batch
    paths = list(_paths_to_member(model))
    if not paths:
        return None
    theirs = Q()
    for path in paths:
        theirs |= Q(**{path: membership_id})
    return rows_of(model, organization_id).filter(theirs)


def pointing_at_members() -> Iterator[tuple[Table, str]]:
    """Keys that lose their member and whose rows stay: records of the organization."""
    for model in emptied_in_order():
        for field, target in _keys(model):
            if target is Membership and field.remote_field.on_delete is SET_NULL:
                yield model, field.name


def delete_batch(rows: QuerySet[Any]) -> int:
    """Delete some of these rows, at most `BATCH`; how many. What points at them must be gone. Expects the scope."""
    ids = list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH])
    # Without Django's cascades: the order of the tables has seen to what hangs on these rows, and nothing is loaded.
    batch = rows.model._default_manager.filter(pk__in=ids)
    return int(batch._raw_delete(batch.db)) if ids else 0


def name_of(model: Table) -> str:
    """How counts name it: `event`, `calendar`, …"""
    return str(model._meta.model_name)


def _keys(model: Table) -> Iterator[tuple[ForeignKey[Any, Any], Table]]:
    """Keys to other tables of customers' rows."""
    for field in model._meta.concrete_fields:
        if isinstance(field, ForeignKey) and issubclass(field.related_model, TenantModel):
            yield field, field.related_model


def _paths_to_member(model: Table) -> Iterator[str]:
    for field, target in _keys(model):
        if field.remote_field.on_delete is not CASCADE or target is model:
            continue
        if target is Membership:
            yield field.name
        else:
            for path in _paths_to_member(target):
                yield f"{field.name}__{path}"
