"""Every address, by app."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path

from config.health import healthz
from tenants.views import mail_preview
from tenants.views.sign_out import sign_out
from webhooks.views.deleting import delete_account

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("admin/", admin.site.urls),
    # Before allauth's own: ours clears the browser's memory of our pages.
    path("accounts/logout/", sign_out, name="account_logout"),
    path("accounts/delete/", delete_account, name="account_delete"),
    path("accounts/", include("allauth.account.urls")),
    path("accounts/2fa/", include("allauth.mfa.urls")),
    path("accounts/microsoft/", include("connections.urls_accounts")),
    path("connections/", include("connections.urls_machines")),
    path("approve/", include("connections.urls_approvals")),
    path("webhooks/", include("webhooks.urls")),
    path("invite/", include("tenants.urls_invitations")),
    path("o/<slug:slug>/", include("tenants.urls_members")),
    path("o/<slug:slug>/", include("connections.urls")),
    path("o/<slug:slug>/", include("calendars.urls")),
    path("o/<slug:slug>/", include("webhooks.urls_members")),
    path("", include("tenants.urls")),
]

if settings.DEVELOPMENT:
    urlpatterns += [
        path("mail/", mail_preview.mails, name="mail_preview"),
        path("mail/<slug:kind>/", mail_preview.mail, name="mail_preview_kind"),
        path("mail/<slug:kind>/html/", mail_preview.mail_html, name="mail_preview_html"),
    ]

handler400 = "tenants.views.errors.bad_request"
handler403 = "tenants.views.errors.permission_denied"
handler404 = "tenants.views.errors.page_not_found"
handler500 = "tenants.views.errors.server_error"
