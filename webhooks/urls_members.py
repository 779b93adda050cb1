"""Pages of members that need every layer, under `/o/<slug>/`."""

from django.urls import path

from webhooks import views

app_name = "webhooks_members"

urlpatterns = [
    path("connections/<int:pk>/disconnect/", views.disconnect, name="disconnect"),
]
