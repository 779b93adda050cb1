"""Files of others are what their packages hold, with their licences, and ours keep to the content security policy."""

import hashlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
VENDOR = ROOT / "static" / "vendor"
README = (VENDOR / "README.md").read_text()
LISTED = dict(re.findall(r"^\| `([^`]+)` \|.*\| `([0-9a-f]{64})` \|$", README, re.MULTILINE))
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


@pytest.mark.parametrize("template", TEMPLATES, ids=[str(path.relative_to(ROOT)) for path in TEMPLATES])
def test_no_template_holds_a_script_a_style_or_an_address_elsewhere(template: Path):
    if "emails" in template.parts:
        pytest.skip("mail readers take no stylesheets, so mails carry their style in the elements")
    text = template.read_text()

    assert re.findall(r"<script(?![^>]*\bsrc=)", text) == []
    assert re.findall(r"<style\b|\sstyle=|\son\w+=|\bhx-on\b|javascript:", text) == []
    assert re.findall(r"""(?:src|href)=["'](?:https?:)?//""", text) == []
    assert re.findall(r"\|\s*safe\b|autoescape off", text) == []


def test_every_icon_that_a_template_names_is_in_the_sprite():
    named = {name for path in TEMPLATES for name in re.findall(r"""\{% icon ['"]([\w-]+)['"]""", path.read_text())}

    assert named - SYMBOLS == set()
