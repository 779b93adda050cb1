"""Every address, by app."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from config.health import healthz

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    # Support staff come in by the same door as everybody: one sign-in, one set of limits.
    path("admin/login/", RedirectView.as_view(pattern_name="account_login", query_string=True)),
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.account.urls")),
    path("connections/", include("connections.urls_machines")),
    path("webhooks/", include("webhooks.urls")),
    path("o/<slug:slug>/", include("connections.urls")),
    path("o/<slug:slug>/", include("calendars.urls")),
    path("o/<slug:slug>/", include("webhooks.urls_members")),
    path("", include("tenants.urls")),
]

handler400 = "tenants.views.errors.bad_request"
handler403 = "tenants.views.errors.permission_denied"
handler404 = "tenants.views.errors.page_not_found"
handler500 = "tenants.views.errors.server_error"
