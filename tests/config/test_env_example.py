"""`.env.example` explains every setting that is read, and none that is not."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
# `env.str("NAME", …)`, and our own reader of databases, which is given a name.
READERS = {"_database"}


def settings_read() -> set[str]:
    found = set()
    for path in (ROOT / "config").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call) or not node.args or not isinstance(node.args[0], ast.Constant):
                continue
            by_env = isinstance(node.func, ast.Attribute) and getattr(node.func.value, "id", None) == "env"
            if by_env or getattr(node.func, "id", None) in READERS:
                found.add(str(node.args[0].value))
    return found


def settings_explained() -> dict[str, str]:
    """Each setting with the comment that stands above it; a comment may stand above two."""
    found: dict[str, str] = {}
    comment: list[str] = []
    above_setting = False
    for line in (ROOT / ".env.example").read_text().splitlines():
        if line.startswith("#"):
            if above_setting:
                comment, above_setting = [], False
            comment.append(line.lstrip("# "))
        elif match := re.match(r"([A-Z_]+)=", line):
            found[match[1]] = " ".join(comment)
            above_setting = True
        else:
            assert not line, f"neither a comment nor a setting: {line!r}"
            comment, above_setting = [], False
    return found


def test_every_setting_that_is_read_is_explained_and_none_that_is_not():
    assert "DATABASE_URL" in settings_read()
    assert settings_read() == set(settings_explained())


def test_every_explanation_says_something():
    assert [name for name, words in settings_explained().items() if len(words) < 20] == []


def test_no_secret_stands_in_it():
    lines = (ROOT / ".env.example").read_text().splitlines()
    for name in ("SECRET_KEY", "SEAL_KEYS", "MICROSOFT_CLIENT_ID", "MICROSOFT_CLIENT_SECRET"):
        assert f"{name}=" in lines
