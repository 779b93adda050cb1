"""Facts about Microsoft that are kept beside the repository, not in it. The product never reads them; tests may."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"


def shared(name: str) -> Any:
    """
    What a JSON file beside the repository holds, such as `shared("graph/examples/event-get-response.json")`.

    Where the folder is not there, the test is skipped and says so; in CI it fails.
    """
    path = SHARED / name
    if not path.is_file():
        reason = f"../shared/{name} is not beside the repository"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return json.loads(path.read_text(encoding="utf-8"))
