"""The migrations say what the models say."""

from django.core.management import call_command


def test_no_model_waits_for_a_migration(db):
    # Exits with an error when one does, and prints which.
    call_command("makemigrations", "--check", "--dry-run")
