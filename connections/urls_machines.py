"""Where Microsoft sends browsers back to; the first of these is registered there, letter for letter."""

from django.urls import path

from connections.views.machines import callback, finish

app_name = "sign_in"

urlpatterns = [
    path("callback/", callback, name="callback"),
    path("finish/", finish, name="finish"),
]
