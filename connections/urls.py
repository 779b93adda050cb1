"""Connecting a mailbox; included under `/o/<slug>/`."""

from django.urls import path

from connections.views.ask import ask, asked, mail, new_link, not_asked_for, remind, take_back
from connections.views.connect import connect
from connections.views.onboarding import link_tenant, onboarding, unlink_tenant

app_name = "connections"

urlpatterns = [
    path("connect/", connect, name="connect"),
    path("ask/", ask, name="ask"),
    path("ask/no/", not_asked_for, name="not_asked_for"),
    path("ask/<int:pk>/", asked, name="asked"),
    path("ask/<int:pk>/mail/", mail, name="ask_mail"),
    path("ask/<int:pk>/remind/", remind, name="ask_remind"),
    path("ask/<int:pk>/link/", new_link, name="ask_link"),
    path("ask/<int:pk>/take-back/", take_back, name="ask_take_back"),
    path("onboarding/", onboarding, name="onboarding"),
    path("onboarding/link/", link_tenant, name="link_tenant"),
    path("onboarding/tenants/<int:pk>/unlink/", unlink_tenant, name="unlink_tenant"),
]
