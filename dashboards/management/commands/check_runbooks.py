"""`manage.py check_runbooks`: what is wrong with the runbooks, and which are missing; for people and for CI."""

import json
from argparse import ArgumentParser
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from alerts.rules.lint import Finding, external_links
from alerts.services.links import dead_links
from dashboards import formats
from dashboards.presenters import shelf


class Command(BaseCommand):
    help = "Find objectives and failure modes without a runbook, dead links, stale and unreachable runbooks"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--links", action="store_true", help="ask addresses outside too whether they answer")
        parser.add_argument(
            "--days",
            type=int,
            default=settings.RUNBOOK_STALE_DAYS,
            help="stale after so many days (RUNBOOK_STALE_DAYS)",
        )
        parser.add_argument("--strict", action="store_true", help="warnings fail too")
        parser.add_argument("--json", action="store_true", help="the findings as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        if not 1 <= options["days"] <= 36_500:
            raise CommandError("--days must be from 1 to 36500")
        found = shelf.check(datetime.now(UTC), options["days"])
        if options["links"]:
            found += tuple(_outside())
        if options["json"]:
            self.stdout.write(json.dumps({"findings": [item.as_json() for item in found]}, indent=2))
        else:
            self._tell(found)
        failing = [item for item in found if options["strict"] or item.level == "error"]
        if failing:
            raise CommandError(f"{formats.plural(len(failing), 'finding')} to repair")

    def _tell(self, found: Sequence[Finding]) -> None:
        for item in found:
            self.stdout.write(str(item))
        errors = sum(item.level == "error" for item in found)
        told = f"{formats.plural(errors, 'error')}, {formats.plural(len(found) - errors, 'warning')}"
        self.stdout.write(told if found else "nothing to repair")


def _outside() -> list[Finding]:
    linked = external_links(shelf.books())
    return [
        Finding("dead link", address, f"{address} does not answer: {reason}", book, line)
        for address, reason in dead_links(linked)
        for book, line in linked[address]
    ]
