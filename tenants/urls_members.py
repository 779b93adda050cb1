"""Pages of an organization itself; included under `/o/<slug>/`."""

from django.urls import path

from tenants.views import activity

app_name = "organization"

urlpatterns = [
    path("activity/", activity.activity, name="activity"),
    path("activity/file/", activity.activity_file, name="activity_file"),
]
