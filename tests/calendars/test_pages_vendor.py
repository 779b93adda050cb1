"""Files of others are what their packages hold, with their licences, and ours keep to the content security policy."""

import hashlib
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
VENDOR = ROOT / "static" / "vendor"
README = (VENDOR / "README.md").read_text()
LISTED = dict(re.findall(r"^\| `([^`]+)` \|.*\| `([0-9a-f]{64})` \|$", README, re.MULTILINE))
FORBIDDEN = re.compile(
    r"""<script(?![^>]*\bsrc=)|<style\b|\sstyle=|\son\w+=|\bhx-on\b|javascript:|\|\s*safe\b|autoescape\ off"""
    r"""|(?:src|href)=["'](?:https?:)?//"""
)
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
SYMBOLS = set(re.findall(r'<symbol id="([\w-]+)"', (VENDOR / "tabler-icons" / "icons.svg").read_text()))


def test_every_file_is_listed_with_its_checksum_and_nothing_else_is():
    found = {
        str(path.relative_to(VENDOR)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in VENDOR.rglob("*")
        if path.is_file() and path.name not in {"LICENSE", "README.md"}
    }

    assert found == LISTED


def test_every_folder_has_its_licence():
    folders = {path.parent for path in VENDOR.rglob("*") if path.is_file() and path.parent != VENDOR}

    assert [folder.name for folder in folders if not (folder / "LICENSE").is_file()] == []


# Where people take a permission back: followed on a click, never loaded, and told nothing about where they came from.
LINKS = ("https://myapps.microsoft.com/", "https://account.live.com/consent/Manage")


def test_no_page_holds_a_script_a_style_or_an_address_elsewhere():
    found = {}
    for template in TEMPLATES:
        # Mail readers take no stylesheets, so mails carry their style in the elements.
        text = template.read_text()
        for link in LINKS:
            text = text.replace(f'href="{link}" rel="noopener noreferrer"', "")
        if "emails" not in template.parts and (offences := FORBIDDEN.findall(text)):
            found[str(template.relative_to(ROOT))] = offences

    assert found == {}


def test_every_icon_that_a_template_names_is_in_the_sprite():
    named = {name for path in TEMPLATES for name in re.findall(r"""\{% icon ['"]([\w-]+)['"]""", path.read_text())}

    assert named - SYMBOLS == set()
