from django.apps import AppConfig

# Imported for what it registers.
from connections import checks  # noqa: F401


class ConnectionsConfig(AppConfig):
    name = "connections"
