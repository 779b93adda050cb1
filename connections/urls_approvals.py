"""For a Microsoft administrator, who needs no account here; included under `/approve/`."""

from django.urls import path

from connections.views.approve import follow, go_on, page, prove, refuse

app_name = "approvals"

urlpatterns = [
    path("", page, name="page"),
    path("continue/", go_on, name="continue"),
    path("decline/", refuse, name="decline"),
    path("prove/", prove, name="prove"),
    path("<str:token>/", follow, name="approve"),
]
