"""What text of strangers may be stored, and in which length."""

from urllib.parse import urlsplit

LINK_LENGTH = 2048


class Unreadable(ValueError):
    """An answer, or a part of it, is not what Graph documents. The sentence is ours and quotes nothing of it."""


def clean(text: str, field: str) -> str:
    """
    The text, if PostgreSQL and UTF-8 take it.

    Raises:
        Unreadable: it holds a NUL or half of a surrogate pair.
    """
    if not is_storable(text):
        raise Unreadable(f"{field}: characters that cannot be stored")
    return text


def is_storable(text: str) -> bool:
    """Whether PostgreSQL takes it: no NUL, no half of a surrogate pair."""
    if "\0" in text:
        return False
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def label(value: object) -> str:
    """Text without what cannot be stored, where a lost character does no harm; empty for anything but text."""
    return value.replace("\0", "").encode("utf-8", "ignore").decode() if isinstance(value, str) else ""


def whole(value: str | None, length: int) -> str:
    """The value, or nothing if it is too long: a part of an address is another address."""
    return value if value and len(value) <= length else ""


def https(link: str | None) -> str:
    """Only what a browser opens safely; anything else is no link."""
    if not link or len(link) > LINK_LENGTH or not link.lower().startswith("https://"):
        return ""
    try:
        return link if urlsplit(link).hostname else ""
    except ValueError:
        return ""


def one_of(value: str | None, known: frozenset[str], otherwise: str) -> str:
    """The value if it is a word that we know."""
    return value if value is not None and value in known else otherwise
