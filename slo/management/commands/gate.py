"""`manage.py gate SERVICE`: may a change to a service go out? For pipelines: the exit status says it."""

import sys
from argparse import ArgumentParser
from datetime import UTC, datetime
from typing import Any, get_args

from django.core.management.base import BaseCommand, CommandError

from slo import selectors
from slo.errors import NotFoundError
from slo.maths.budget_policy import Kind

CLOSED, UNKNOWN = 1, 2


class Command(BaseCommand):
    help = "May a change to the service go out? Exit status 0: yes, 1: no, 2: there is no such service"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("service")
        parser.add_argument("--change", choices=get_args(Kind), default="normal", help="what kind of change it is")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            found = selectors.gate(options["service"], options["change"], datetime.now(UTC))
        except NotFoundError as error:
            raise CommandError(str(error), returncode=UNKNOWN) from None
        self.stdout.write("open" if found.open else "closed")
        for reason in found.reasons:
            self.stdout.write(f"  {reason}")
        if not found.open:
            sys.exit(CLOSED)
