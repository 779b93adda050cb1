"""Pages of an organization itself; included under `/o/<slug>/`."""

from django.urls import path

from tenants.views import activity, inviting, people, settings

app_name = "organization"

urlpatterns = [
    path("activity/", activity.activity, name="activity"),
    path("activity/file/", activity.activity_file, name="activity_file"),
    path("people/", people.people, name="people"),
    path("people/invite/", inviting.invite, name="invite"),
    path("people/invitations/<int:pk>/resend/", inviting.resend, name="resend"),
    path("people/invitations/<int:pk>/revoke/", inviting.revoke, name="revoke"),
    path("people/leave/", people.leave, name="leave"),
    path("people/<int:pk>/", people.member, name="member"),
    path("people/<int:pk>/remove/", people.remove, name="remove"),
    path("people/<int:pk>/transfer/", people.transfer, name="transfer"),
    path("settings/", settings.settings, name="settings"),
    path("settings/second-step/", settings.second_step, name="second_step"),
]
