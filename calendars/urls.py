"""Pages of calendars and connections; included under `/o/<slug>/`."""

from django.urls import path

from calendars.views import calendar, connections, feed, home, policies, stream, welcome

app_name = "calendars"

urlpatterns = [
    path("", home.home, name="home"),
    path("connections/", connections.connections, name="connections"),
    path("connections/<int:pk>/", connections.connection, name="connection"),
    path("connections/<int:pk>/welcome/", welcome.welcome, name="welcome"),
    path("connections/<int:pk>/calendars/", connections.choose, name="choose"),
    path("connections/<int:pk>/sync/", connections.sync_now, name="sync_now"),
    path("calendar/", calendar.calendar, name="calendar"),
    path("calendar/agenda/", calendar.agenda, name="agenda"),
    path("calendar/freshness/", calendar.freshness, name="freshness"),
    path("calendar/events/", feed.events, name="events"),
    path("calendar/events/<int:pk>/", calendar.event, name="event"),
    path("calendar/stream/", stream.stream, name="stream"),
    path("settings/policies/", policies.policies, name="policies"),
]
