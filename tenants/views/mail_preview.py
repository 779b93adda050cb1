"""Every mail that we write, in the browser, with made-up contents; on a developer's machine, and nowhere else."""

from importlib import import_module
from importlib.util import find_spec

from django.apps import apps
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tenants import adapters
from tenants.emails import Mail, compose

_TO = "alice@acme.example"
# Mails bring their style along; nothing else of a page may be in them.
_POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; style-src 'unsafe-inline'"


def samples() -> dict[str, Mail]:
    """All that the apps' `emails` modules know, and what allauth has us say, by kind."""
    found = {**adapters.SAMPLES}
    for app in apps.get_app_configs():
        name = f"{app.name}.emails"
        if find_spec(app.name) and find_spec(name):
            found |= getattr(import_module(name), "SAMPLES", {})
    return {kind: make() for kind, make in sorted(found.items())}


@require_safe
def mails(request: HttpRequest) -> HttpResponse:
    _only_in_development()
    return render(request, "tenants/mails.html", {"samples": samples()})


@require_safe
def mail(request: HttpRequest, kind: str) -> HttpResponse:
    """One mail: what a mailbox shows of it, and the text; the HTML is a page of its own."""
    sample = _sample(kind)
    message = compose(sample, to=_TO)
    return render(request, "tenants/mail.html", {"kind": kind, "message": message, "to": _TO})


@require_safe
def mail_html(request: HttpRequest, kind: str) -> HttpResponse:  # noqa: ARG001
    html, _ = compose(_sample(kind), to=_TO).alternatives[0]
    return HttpResponse(str(html), headers={"Content-Security-Policy": _POLICY})


def _sample(kind: str) -> Mail:
    _only_in_development()
    try:
        return samples()[kind]
    except KeyError:
        raise Http404 from None


def _only_in_development() -> None:
    if not settings.DEVELOPMENT:
        raise Http404
