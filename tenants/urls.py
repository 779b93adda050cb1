"""Pages outside of any organization."""

from django.urls import path

from tenants.views import landing, new

app_name = "tenants"

urlpatterns = [
    path("", landing.landing, name="landing"),
    path("home/", landing.entrance, name="entrance"),
    path("new/", new.new, name="new"),
    path("new/slug/", new.new_slug, name="new_slug"),
]
