"""Pages of members that need every layer, under `/o/<slug>/`."""

from django.urls import path

from webhooks.views import data, deleting, exporting, members

app_name = "webhooks_members"

urlpatterns = [
    path("connections/<int:pk>/pause/", members.pause, name="pause"),
    path("connections/<int:pk>/resume/", members.resume, name="resume"),
    path("connections/<int:pk>/disconnect/", members.disconnect, name="disconnect"),
    path("my-data/", data.my_data, name="my_data"),
    path("my-data/export/", exporting.export_mine, name="export_mine"),
    path("my-data/delete/", deleting.delete_mine, name="delete_mine"),
    path("settings/data/", data.data, name="data"),
    path("settings/data/export/", exporting.export_organization, name="export_organization"),
    path("settings/data/delete/", deleting.delete_organization, name="delete_organization"),
    path("exports/<int:pk>/", exporting.fetch, name="fetch_export"),
    path("deletion/", deleting.deletion, name="deletion"),
]
