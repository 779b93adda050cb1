"""The way in for the invited, who may have no account yet; included under `/invite/`."""

from django.urls import path

from tenants.views import joining

app_name = "invitations"

urlpatterns = [
    path("", joining.join, name="join"),
    path("<str:token>/", joining.invite, name="invite"),
]
