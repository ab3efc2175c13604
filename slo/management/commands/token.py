"""`manage.py token`: tokens for applications that read flags or the API."""

from argparse import ArgumentParser
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from slo.models import ApiToken
from slo.services.access import issue_token


class Command(BaseCommand):
    help = "Issue or revoke an API token; it is shown once and stored hashed"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="what the token is for; an existing one of that name is replaced")
        parser.add_argument("--role", choices=ApiToken.Role.values, default="viewer")
        parser.add_argument("--revoke", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        now = datetime.now(UTC)
        if not options["revoke"]:
            self.stdout.write(issue_token(options["name"], options["role"], now))
        elif not ApiToken.objects.filter(name=options["name"], revoked_at=None).update(revoked_at=now):
            raise CommandError(f"There is no valid token named {options['name']!r}")
