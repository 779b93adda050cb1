"""Bodies of events: always HTML inside, text on request, and the block that makes a Teams meeting."""

import re
from functools import lru_cache
from html import escape, unescape
from html.parser import HTMLParser
from typing import Any
from urllib.parse import quote
from uuid import UUID

PREVIEW_LENGTH = 255
_HEAD = (
    '<html>\r\n<head>\r\n<meta http-equiv="Content-Type" content="text/html; charset=utf-8">\r\n</head>\r\n<body>\r\n'
)
_TAIL = "\r\n</body>\r\n</html>\r\n"
_RULER = "_" * 80


def html_of(content: str, *, is_html: bool) -> str:
    """A body as the service gives it back: a whole HTML page, generated around a fragment or a text."""
    if not is_html:
        content = "<br>\r\n".join(escape(line, quote=False) for line in content.splitlines())
    return content if "<html" in content.lower() else f"{_HEAD}{content}{_TAIL}"


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        if tag in {"style", "script", "head"}:
            self._silent += 1
        elif tag in {"br", "p", "div", "li", "tr", "h1", "h2", "h3"} and self.parts:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in {"style", "script", "head"}:
            self._silent = max(0, self._silent - 1)

    def handle_data(self, data: str) -> None:
        if not self._silent and data.strip():
            self.parts.append(" ".join(data.split()))


# A tag as programs write it, of an element whose content is read like any other.
_TAG = re.compile(r"""<(/?)([a-z][a-z0-9]*)(?:\s+[a-z][a-z-]*="[^"]*")*\s*>""", re.IGNORECASE)
_PLAIN = frozenset(
    {
        "a", "b", "body", "br", "div", "em", "font", "h1", "h2", "h3", "head", "hr", "html", "i", "img", "li",
        "meta", "ol", "p", "span", "strong", "table", "tbody", "td", "th", "thead", "tr", "u", "ul",
    }
)  # fmt: skip


def _read_plain(parser: _Text, html: str) -> bool:
    """
    Tell the parser what it would find, without its own careful look at every sign: that look is most of what
    a new calendar costs. False, and nothing is told, where the markup is not plain enough for that.
    """
    words = _TAG.split(html)
    texts, slashes, names = words[::3], words[1::3], [name.lower() for name in words[2::3]]
    if not _PLAIN.issuperset(names) or any("<" in text for text in texts):
        return False
    parser.handle_data(unescape(texts[0]))
    for slash, name, text in zip(slashes, names, texts[1:], strict=True):
        if slash:
            parser.handle_endtag(name)
        else:
            parser.handle_starttag(name, [])
        parser.handle_data(unescape(text))
    return True


@lru_cache(maxsize=2048)
def text_of(html: str) -> str:
    """The words of a body, a line for each block, without its tags."""
    parser = _Text()
    if not _read_plain(parser, html):
        parser.feed(html)
        parser.close()
    lines = "".join(f"{part} " if part != "\n" else part for part in parser.parts).splitlines()
    return "\r\n".join(line.strip() for line in lines).strip()


def preview_of(html: str) -> str:
    return text_of(html)[:PREVIEW_LENGTH]


def with_meeting(html: str, block: str) -> str:
    """The body with the block of its meeting below what people wrote."""
    end = html.lower().rfind("</body>")
    return f"{html}{block}" if end < 0 else f"{html[:end]}{block}\r\n{html[end:]}"


@lru_cache(maxsize=2048)
def _context(tenant_id: str, organizer_oid: str) -> str:
    return quote(f'{{"Tid":"{tenant_id}","Oid":"{organizer_oid}"}}', safe="")


def teams_meeting(key: UUID, *, tenant_id: str, organizer_oid: str) -> tuple[dict[str, Any], str]:
    """
    A meeting that belongs to `key`: what Graph shows as `onlineMeeting`, and the block for the body.
    The addresses have the shape of Teams', and lead nowhere.
    """
    thread = f"19%3Ameeting_{key.hex}%40thread.v2"
    join_url = f"https://teams.microsoft.com/l/meetup-join/{thread}/0?context={_context(tenant_id, organizer_oid)}"
    conference = f"{key.int % 10**9:09}"
    spoken = f"{conference[:3]} {conference[3:6]} {conference[6:]}"
    info = {
        "joinUrl": join_url,
        "conferenceId": conference,
        "tollNumber": "+1 323-555-0166",
        "tollFreeNumbers": [],
        "quickDial": f"tel:+13235550166,,{conference}#",
        "phones": [],
    }
    block = (
        f'<br>\r\n<div style="width:100%; height:20px">{_RULER}</div>\r\n'
        '<div class="me-email-text" style="color:#252424; font-family:\'Segoe UI\',Helvetica,Arial,sans-serif">\r\n'
        '<div style="margin-top:24px; margin-bottom:10px">'
        f'<a class="me-email-headline" href="{escape(join_url)}" target="_blank" rel="noreferrer noopener" '
        'style="font-size:18px; text-decoration:underline; color:#6264a7">Join Microsoft Teams Meeting</a></div>\r\n'
        f'<div><a class="me-email-link" href="tel:+13235550166,,{conference}#" '
        'style="font-size:14px; text-decoration:none; color:#6264a7">+1 323-555-0166</a> '
        "United States, Los Angeles (Toll)</div>\r\n"
        f'<div style="margin-top:10px; margin-bottom:20px">Conference ID: {spoken}#</div>\r\n'
        '<div style="margin-bottom:24px"><a class="me-email-link" href="https://aka.ms/JoinTeamsMeeting" '
        'style="font-size:12px; text-decoration:none; color:#6264a7">Learn more about Teams</a></div>\r\n'
        f'</div>\r\n<div style="width:100%; height:20px">{_RULER}</div>'
    )
    return info, block
