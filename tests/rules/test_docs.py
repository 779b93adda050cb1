"""What our pages and sentences point to is there."""

import re
from pathlib import Path

from tests.rules import walk

PAGES = [
    page
    for pattern in ("*.md", "docs/**/*.md", "sandbox/*.md", "scripts/*.md")
    for page in walk.ROOT.glob(pattern)
    if not {".venv", "var"} & set(page.relative_to(walk.ROOT).parts)
]
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
# Code and settings name pages by their path from the root.
NAMED = re.compile(r"\bdocs/[\w./-]+\.md\b")


def anchors(page: Path) -> set[str]:
    """The names by which headings of a page are linked to, as the usual hosts make them."""
    headings = re.findall(r"^#+ +(.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.strip().lower()).replace(" ", "-") for heading in headings}


def test_every_link_between_our_pages_leads_somewhere():
    broken = []
    for page in PAGES:
        for link in LINK.findall(page.read_text()):
            if re.match(r"[a-z]+:", link):
                continue
            path, _, anchor = link.partition("#")
            target = (page.parent / path).resolve() if path else page
            if not target.exists() or (anchor and target.suffix == ".md" and anchor not in anchors(target)):
                broken.append(f"{page.relative_to(walk.ROOT)}: {link}")
    assert PAGES
    assert broken == []


def test_every_page_that_code_names_is_there():
    sources = [walk.ROOT / path for path, _ in walk.modules(*walk.APPS, "config", "scripts", "sandbox")]
    others = [walk.ROOT / ".env.example", walk.ROOT / "Makefile", *(walk.ROOT / "templates").rglob("*.html")]
    named = {(name, path.name) for path in (*sources, *others) for name in NAMED.findall(path.read_text())}
    assert {(name, by) for name, by in named if not (walk.ROOT / name).exists()} == set()
