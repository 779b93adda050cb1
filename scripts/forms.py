"""What a page asks for: its forms, with what they would send as they stand."""

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Button:
    name: str | None
    value: str
    label: str


@dataclass
class Form:
    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    # Name by type of what a person types in: email, password, text.
    typed: dict[str, str] = field(default_factory=dict)
    buttons: list[Button] = field(default_factory=list)

    def pressed(self, words: str) -> Button | None:
        """The first button that has these words on it, in any case."""
        return next((button for button in self.buttons if words.lower() in button.label.lower()), None)


class Page(HTMLParser):
    """The title and the forms of a page of HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.title = ""
        self.forms: list[Form] = []
        self._form: Form | None = None
        self._button: Button | None = None
        self._in_title = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "title" and not self.title:
            self._in_title = True
        elif tag == "form":
            self._form = Form(given.get("action", ""), given.get("method", "get").lower())
            self.forms.append(self._form)
        elif self._form is not None and tag == "button":
            self._button = Button(given.get("name"), given.get("value", ""), "")
            self._form.buttons.append(self._button)
        elif self._form is not None and tag == "input":
            self._input(self._form, given)

    def handle_endtag(self, tag: str) -> None:
        if tag == "title":
            self._in_title = False
        elif tag == "form":
            self._form = None
        elif tag == "button":
            self._button = None

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title += data
        elif self._button is not None:
            self._button.label += data

    @staticmethod
    def _input(form: Form, given: dict[str, str]) -> None:
        kind, name = given.get("type", "text").lower(), given.get("name")
        if kind == "submit":
            form.buttons.append(Button(name, given.get("value", ""), given.get("value", "")))
        elif name and (kind not in {"checkbox", "radio"} or "checked" in given):
            form.fields[name] = given.get("value", "on" if kind == "checkbox" else "")
            form.typed.setdefault(kind, name)
