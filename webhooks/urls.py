"""Where Graph calls us."""

from django.urls import path

from webhooks.views import machines

app_name = "webhooks"

urlpatterns = [
    path("graph/", machines.receive, name="receive"),
]
