"""Where Graph calls us."""

from django.urls import path

from webhooks.views import graph

app_name = "webhooks"

urlpatterns = [
    path("graph/", graph.receive, name="receive"),
]
