"""Connecting a mailbox; included under `/o/<slug>/`."""

from django.urls import path

from connections.views.connect import connect

app_name = "connections"

urlpatterns = [
    path("connect/", connect, name="connect"),
]
