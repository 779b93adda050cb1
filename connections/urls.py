"""Connecting a mailbox; included under `/o/<slug>/`."""

from django.urls import path

from connections.views.connect import connect
from connections.views.onboarding import link_tenant, onboarding, unlink_tenant

app_name = "connections"

urlpatterns = [
    path("connect/", connect, name="connect"),
    path("onboarding/", onboarding, name="onboarding"),
    path("onboarding/link/", link_tenant, name="link_tenant"),
    path("onboarding/tenants/<int:pk>/unlink/", unlink_tenant, name="unlink_tenant"),
]
