"""How values are kept in Redis."""

import json
from typing import Any


class JSONSerializer:
    """
    JSON instead of Django's pickle: whoever can write to Redis must not be able to run code here.

    Tuples come back as lists, keys of dictionaries as text.
    """

    def dumps(self, obj: Any) -> bytes | int:
        # Whole numbers stay bare, so that Redis itself can count with them (`cache.incr`).
        if type(obj) is int:
            return obj
        return json.dumps(obj, separators=(",", ":")).encode()

    def loads(self, data: bytes) -> Any:
        return json.loads(data)
