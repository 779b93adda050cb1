"""Pages of an organization itself; included under `/o/<slug>/`."""

from django.urls import URLPattern

app_name = "organization"

urlpatterns: list[URLPattern] = []
