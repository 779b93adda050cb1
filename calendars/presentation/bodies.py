"""
The text of an event, for showing: strangers' HTML, made harmless each time. The only place that calls text safe.

Nothing is stored clean: what counts as harmless today need not be so tomorrow.
"""

import re
from html import unescape
from typing import Final
from urllib.parse import urlsplit

import nh3
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from calendars.presentation.details import safe_link

# Beyond either it is shown as plain text: cleaning deep nesting costs the square of its depth.
LONGEST: Final = 100 * 1024
MOST_TAGS: Final = 5_000
# What text is made of. No headings, which would stand between those of the page; no images, which would tell their
# sender that they were looked at; no forms, frames or styles.
TAGS: Final = {
    "a", "abbr", "b", "blockquote", "br", "code", "dd", "del", "div", "dl", "dt", "em", "hr", "i", "ins", "li", "ol",
    "p", "pre", "q", "s", "small", "span", "strike", "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th",
    "thead", "tr", "tt", "u", "ul",
}  # fmt: skip
# What is inside of these is no text.
_NOT_TEXT: Final = {"script", "style", "head", "title", "template", "iframe", "object", "svg", "math", "textarea"}
# What is set on each link.
_OURS: Final = {"rel": "noopener noreferrer", "target": "_blank"}
_TAG: Final = re.compile(r"<[a-zA-Z/!?]")
# Without `<` inside: a long row of them would cost the square of its length.
_PIECES: Final = re.compile(r"(<[^<>]*>)")
_NAME: Final = re.compile(r"</?([a-zA-Z0-9]+)")
_LINES: Final = frozenset({"br", "p", "div", "li", "tr", "table", "h1", "h2", "h3", "h4", "h5", "h6"})


def shown_body(body: str, body_type: str) -> SafeString:
    """The text of an event as harmless HTML, whatever was sent; empty where nothing can be seen."""
    if body_type != "html":
        return _plain(body)
    if len(body.encode("utf-8", "replace")) > LONGEST or len(_TAG.findall(body)) > MOST_TAGS:
        return _plain(_without_tags(body))
    clean = nh3.clean(
        body,
        tags=TAGS,
        clean_content_tags=_NOT_TEXT,
        attributes={"a": {"href"}},
        attribute_filter=_link_or_nothing,
        url_schemes={"https", "mailto", "tel"},
        set_tag_attribute_values={"a": {"target": _OURS["target"]}},
        link_rel=_OURS["rel"],
        strip_comments=True,
        generic_attribute_prefixes=None,
    )
    # Outlook sends an empty page for an event without a text.
    return mark_safe(clean) if _without_tags(clean).strip() else SafeString()  # noqa: S308 - cleaned just above


def _link_or_nothing(tag: str, attribute: str, value: str) -> str | None:
    """`//host` has no scheme and leads elsewhere; a list of schemes lets it pass."""
    if (tag, attribute) != ("a", "href"):
        return value if tag == "a" and _OURS.get(attribute) == value else None
    try:
        scheme = urlsplit(value.strip()).scheme.lower()
    except ValueError:
        return None
    if scheme in {"mailto", "tel"}:
        return value.strip() if value.isprintable() else None
    return safe_link(value) or None


def _plain(text: str) -> SafeString:
    return format_html('<p class="plain-text">{}</p>', text.strip()) if text.strip() else SafeString()


def _without_tags(html: str) -> str:
    """What is left of HTML without its tags; linear, so that no input is too long for it. Not safe by itself."""
    kept: list[str] = []
    hidden = ""
    for piece in _PIECES.split(html):
        name = found[1].lower() if (found := _NAME.match(piece)) else ""
        if hidden:
            hidden = "" if name == hidden and piece.startswith("</") else hidden
        elif name in _NOT_TEXT and not piece.startswith("</"):
            hidden = name
        elif name in _LINES:
            kept.append("\n")
        elif not (piece.startswith("<") and piece.endswith(">")):
            kept.append(piece)
    return re.sub(r"\s*\n\s*", "\n", unescape("".join(kept)).replace("\xa0", " "))
