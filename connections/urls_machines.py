"""Where Microsoft sends browsers back to; the first and the last are registered there, letter for letter."""

from django.urls import path

from connections.views.approve import approved
from connections.views.machines import callback, finish

app_name = "sign_in"

urlpatterns = [
    path("callback/", callback, name="callback"),
    path("finish/", finish, name="finish"),
    path("approved/", approved, name="approved"),
]
