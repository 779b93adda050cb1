"""Signing in with Microsoft; included under `/accounts/microsoft/`."""

from django.urls import path

from connections.views.accounts import go_on, identities, new_account

app_name = "microsoft"

urlpatterns = [
    path("", identities, name="identities"),
    path("continue/", go_on, name="continue"),
    path("new/", new_account, name="new"),
]
