"""What every admin page of ours has in common: it shows states and dates, and changes nothing."""

from typing import TYPE_CHECKING, Any, ClassVar, Generic, NoReturn, TypeVar

from django.contrib import admin
from django.db.models import Field, Model, QuerySet
from django.http import Http404, HttpRequest

Row = TypeVar("Row", bound=Model)

if TYPE_CHECKING:

    class _Page(admin.ModelAdmin[Row]):
        pass

else:  # Django's own class takes no parameter at run time

    class _Page(admin.ModelAdmin, Generic[Row]):
        pass


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
        return self._is_staff(request)

    def has_view_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:  # noqa: ARG002
        return self._is_staff(request)

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        return False

    def has_change_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:  # noqa: ARG002
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:  # noqa: ARG002
        return False

    def history_view(self, *_: Any, **__: Any) -> NoReturn:
        """Nothing is changed here, so there is no history; Django's own would load whole people."""
        raise Http404

    def _loaded(self) -> list[str]:
        fields = {field.name for field in self.opts.get_fields() if isinstance(field, Field)}
        named = (*self.list_display, *(self.fields or ()), *self.columns)
        return [name for name in named if isinstance(name, str) and name in fields]

    @staticmethod
    def _is_staff(request: HttpRequest) -> bool:
        return bool(request.user.is_active and request.user.is_staff)
