"""Turn automatic shedding, or its dry run, on or off for the whole installation."""

from argparse import ArgumentParser
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from degradation.services import automation
from slo.errors import BrownoutError

WANTED = {"on": (True, False), "off": (False, False), "dry-run": (False, True)}


class Command(BaseCommand):
    help = "Let the loop shed by itself, only say what it would have done, or do nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("mode", choices=[*WANTED, "show"], help="show says how it is switched now")
        parser.add_argument("--reason", default="", help="why, for those who find it changed")

    def handle(self, *args: Any, mode: str, reason: str, **options: Any) -> None:
        if mode != "show":
            automatic, dry_run = WANTED[mode]
            try:
                automation.switch(automatic=automatic, dry_run=dry_run, user=None, reason=reason, at=datetime.now(UTC))
            except BrownoutError as error:
                raise CommandError(str(error)) from None
        now = automation.present()
        self.stdout.write("dry run" if now.dry_run else "on" if now.automatic else "off")
