"""Finding everything there is: addresses, models, modules. Whatever is new is found without being named."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.apps import apps
from django.contrib.admindocs.views import simplify_regex
from django.db.models import Model
from django.urls import URLPattern, URLResolver, get_resolver

ROOT = Path(__file__).parents[2]
APPS = ("tenants", "connections", "calendars", "webhooks")


@dataclass(frozen=True)
class Address:
    """One pattern of `config/urls.py` and what it includes."""

    route: str
    name: str
    view: Any

    @property
    def action(self) -> object:
        return getattr(self.view, "action", None)

    @property
    def is_csrf_exempt(self) -> bool:
        return bool(getattr(self.view, "csrf_exempt", False))

    @property
    def belongs_to_organization(self) -> bool:
        return self.route.startswith("/o/<slug>/")

    @property
    def is_support(self) -> bool:
        return self.route.startswith("/admin/")

    def path(self, **values: object) -> str:
        """The address with these values in its places."""
        return re.sub(r"<(\w+)>", lambda place: str(values[place[1]]), self.route)


def addresses() -> list[Address]:
    """Every address once, in the order in which they are tried."""
    found: dict[str, Address] = {}
    for address in _walk(get_resolver(), "/", ""):
        found.setdefault(address.route, address)
    return list(found.values())


def _walk(resolver: URLResolver, prefix: str, namespace: str) -> Iterator[Address]:
    for pattern in resolver.url_patterns:
        # Types of places do not matter here: `<int:pk>` is `<pk>`, and a named group is a place like any other.
        route = re.sub(r"<\w+:(\w+)>", r"<\1>", simplify_regex(str(pattern.pattern)).lstrip("/"))
        if isinstance(pattern, URLPattern):
            name = f"{namespace}{pattern.name}" if pattern.name else pattern.lookup_str
            yield Address(prefix + route, name, pattern.callback)
        else:
            inner = f"{pattern.namespace}:" if pattern.namespace else ""
            yield from _walk(pattern, prefix + route, namespace + inner)


def models() -> list[type[Model]]:
    """Every model of ours that has a table, tables between two models included."""
    return [
        model
        for model in apps.get_models(include_auto_created=True)
        if model._meta.app_label in APPS and model._meta.managed and not model._meta.proxy
    ]


def customer_models() -> list[type[Model]]:
    """Those whose rows belong to customers."""
    return [model for model in models() if getattr(model, "is_customer_data", False)]


def modules(*packages: str) -> Iterator[tuple[Path, ast.Module]]:
    """Every Python file of these packages (our apps by default) but migrations, with its syntax tree."""
    for package in packages or APPS:
        for path in sorted((ROOT / package).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path.relative_to(ROOT), ast.parse(path.read_text())
