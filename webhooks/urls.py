"""Where Graph calls us."""

from django.urls import path

from webhooks import views

app_name = "webhooks"

urlpatterns = [
    path("graph/", views.receive, name="receive"),
]
