"""What the notifications of a mailbox meet on their way, and how they look: switches, all harmless at first."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from sandbox.push import Note

# How `resource` names the event; letter case and quoting vary at the service.
PathStyle = Literal["usual", "lower", "tenant", "quoted"]


@dataclass(slots=True)
class Whims:
    """
    For one mailbox. The numbers are used up, one by each notification; the others hold until they are changed.
    """

    drop: int = 0
    duplicate: int = 0
    # So many are sent `late_by` later than they should be, so that newer ones overtake them.
    late: int = 0
    late_by: timedelta = timedelta(0)
    # So many are kept until they are complete, and then sent the other way round.
    reorder: int = 0
    kept: list[Note] = field(default_factory=list)
    # So many are accompanied, in the same POST, by a copy that no receiver may believe.
    wrong_state: int = 0
    unknown: int = 0
    foreign: int = 0
    # All are sent so much later.
    delay: timedelta = timedelta(0)
    # How many `updated` tell of one change.
    updates: int = 1
    created_then_updated: bool = False
    path: PathStyle | None = None
    # Whether items have an `id` of their own.
    item_id: bool = False
    # Whether batches with resource data hold validation tokens, or null.
    validation_tokens: bool = True

    def kinds(self, kind: str) -> list[str]:
        """What is told of one change."""
        if kind == "created" and self.created_then_updated:
            return ["created", "updated"]
        return ["updated"] * self.updates if kind == "updated" else [kind]
