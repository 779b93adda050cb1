"""
The support desk: what the Django admin is here. It shows states and dates; what its few buttons do, services do.

Apart from `admin`, because the site must be there before the first page of it is registered.
"""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, ClassVar, Generic, NamedTuple, NoReturn, TypeVar

from django.contrib import admin
from django.contrib.admin.views.main import ERROR_FLAG
from django.db import DataError
from django.db.models import Field, Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import path
from django.views.generic import RedirectView

View = TypeVar("View", bound=Callable[..., HttpResponseBase])
Row = TypeVar("Row", bound=Model)
# Apps in the order in which staff look for them; the others follow.
_FIRST = ("connections", "tenants")
# Django's views that write, load whole rows of people too, or are ours below.
_LEFT_OUT = frozenset({"login", "logout", "password_change", "password_change_done", "view_on_site", "autocomplete"})

if TYPE_CHECKING:

    class _Page(admin.ModelAdmin[Row]):
        pass

else:  # Django's own class takes no parameter at run time

    class _Page(admin.ModelAdmin, Generic[Row]):
        pass


def acts_for_support(view: View) -> View:
    """
    Mark a view of the admin that does something when it is posted to: it then runs outside the role of support.

    Such a view finds whose row it is by a door, and goes on in that one organization's scope, where it keeps an audit
    entry of what it did. What it shows (GET) is still read as `almanac_support`, like every other page.
    """
    view.acts_for_support = True  # type: ignore[attr-defined]  # read by SupportMiddleware
    return view


class Count(NamedTuple):
    """A number on the first page of the admin, and where its rows are listed."""

    number: int
    # What it counts, said after the number.
    words: str
    # A further sentence, such as how old the oldest is.
    more: str
    # well, waits, broken or unknown.
    tone: str
    icon: str
    path: str


class SupportAdmin(_Page[Row]):
    """
    Read only, for all staff. Loads only the columns that `list_display`, `fields` and `columns` name.

    Requests run as `almanac_support` (see `tenants.middleware.SupportMiddleware`), and a column that this role was
    not granted fails the whole query. So each subclass lists what it shows; `columns` names what its methods need
    besides.
    """

    actions = None
    columns: tuple[str, ...] = ()
    list_per_page = 50
    # A tuple, even an empty one, keeps Django from joining every related table in full.
    list_select_related: ClassVar[tuple[str, ...]] = ()
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Row]:
        return super().get_queryset(request).only(*self._loaded())

    def get_fields(self, request: HttpRequest, obj: Row | None = None) -> Any:  # noqa: ARG002
        return self.fields or tuple(self.list_display)

    def get_readonly_fields(self, request: HttpRequest, obj: Row | None = None) -> Any:
        return self.get_fields(request, obj)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return _is_staff(request)

    def has_view_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:  # noqa: ARG002
        return _is_staff(request)

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        return False

    def has_change_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:  # noqa: ARG002
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:  # noqa: ARG002
        return False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list; an address that asks for what no column can hold is answered like Django's other odd look-ups."""
        title = {"title": str(self.opts.verbose_name_plural).capitalize()}
        try:
            return super().changelist_view(request, title | (extra_context or {}))
        except (DataError, OverflowError, ValueError):
            # In the end the database says it, or a date: Django's own net is only around building the query.
            if ERROR_FLAG in request.GET:
                raise
            return HttpResponseRedirect(f"{request.path}?{ERROR_FLAG}=1")

    def history_view(self, *_: Any, **__: Any) -> NoReturn:
        """Nothing is changed here, so there is no history; Django's own would load whole people."""
        raise Http404

    def _loaded(self) -> list[str]:
        fields = {field.name for field in self.opts.get_fields() if isinstance(field, Field)}
        named = (*self.list_display, *(self.fields or ()), *self.columns)
        return [name for name in named if isinstance(name, str) and name in fields]


class SupportSite(admin.AdminSite):
    """Signing in and out, and passwords, are the business of the pages that everybody uses."""

    site_header = "Almanac support"
    site_title = "Almanac support"
    index_title = "How things stand"
    site_url = "/"
    enable_nav_sidebar = False
    # Asked for whenever the first page is shown; the apps add theirs.
    counters: ClassVar[list[Callable[[], list[Count]]]] = []

    def register(
        self,
        model_or_iterable: type[Model] | Iterable[type[Model]],
        admin_class: "type[admin.ModelAdmin[Any]] | None" = None,
        **options: Any,
    ) -> None:
        """
        Take subclasses of `SupportAdmin` only.

        Libraries register pages of their own that show addresses, keys of links and permissions; here they are not
        wanted, whichever libraries come one day.
        """
        if admin_class is not None and issubclass(admin_class, SupportAdmin):
            super().register(model_or_iterable, admin_class, **options)

    def has_permission(self, request: HttpRequest) -> bool:
        return _is_staff(request)

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        counts = [count for counter in self.counters for count in counter()]
        return super().index(request, {"counts": counts} | (extra_context or {}))

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """What staff look for most comes first."""
        apps: list[Any] = super().get_app_list(request, app_label)
        return sorted(apps, key=lambda app: (*_FIRST, app["app_label"]).index(app["app_label"]))

    def get_urls(self) -> list[Any]:
        return [
            path("login/", RedirectView.as_view(pattern_name="admin:index"), name="login"),
            path("logout/", RedirectView.as_view(pattern_name="account_logout"), name="logout"),
            path(
                "password_change/", RedirectView.as_view(pattern_name="account_change_password"), name="password_change"
            ),
            *(url for url in super().get_urls() if getattr(url, "name", None) not in _LEFT_OUT),
        ]


def _is_staff(request: HttpRequest) -> bool:
    return bool(request.user.is_active and request.user.is_staff)
