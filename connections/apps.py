from django.apps import AppConfig

# Imported for what it registers.
from connections import checks  # noqa: F401


class ConnectionsConfig(AppConfig):
    name = "connections"

    def ready(self) -> None:
        # They need models, which are there only now.
        from allauth.account.signals import user_logged_in  # noqa: PLC0415

        from connections.views.accounts import add_waiting_identity  # noqa: PLC0415

        user_logged_in.connect(add_waiting_identity, dispatch_uid="connections.accounts")
