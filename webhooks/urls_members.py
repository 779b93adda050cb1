"""Pages of members that need every layer, under `/o/<slug>/`."""

from django.urls import path

from webhooks.views import members

app_name = "webhooks_members"

urlpatterns = [
    path("connections/<int:pk>/pause/", members.pause, name="pause"),
    path("connections/<int:pk>/resume/", members.resume, name="resume"),
    path("connections/<int:pk>/disconnect/", members.disconnect, name="disconnect"),
]
