"""`manage.py status`: how the promises stand, for people and for programs."""

import json
from argparse import ArgumentParser
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.table import Table

from slo import selectors
from slo.errors import NotFoundError
from slo.management.instants import instant
from slo.maths.status import HOUR, Status

MARKS = {"healthy": "●", "burning": "▲", "critical": "▲", "exhausted": "■", "no data": "◌"}


class Command(BaseCommand):
    help = "The status of one objective or all: SLI, budget, burn, state"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", nargs="?", help="one objective; all by default")
        parser.add_argument("--json", action="store_true", help="the public JSON form")
        parser.add_argument("--at", type=instant, help="the instant to judge at, such as 2026-03-01T12:00Z")

    def handle(self, *args: Any, **options: Any) -> None:
        at = options["at"] or datetime.now(UTC)
        try:
            found = [selectors.status(options["name"], at)] if options["name"] else selectors.statuses(at)
        except NotFoundError as error:
            raise CommandError(f"{error}; `manage.py status` lists them all") from None
        if options["json"]:
            forms = [status.as_json() for status in found]
            self.stdout.write(json.dumps(forms[0] if options["name"] else forms, indent=2, ensure_ascii=False))
        elif found:
            # A pipe has no width of its own; lines are not to be broken for the program that reads them.
            width = None if self.stdout.isatty() else 200
            Console(file=self.stdout, width=width).print(_table(found))  # type: ignore[arg-type]  # an OutputWrapper is a file
        else:
            self.stdout.write("There are no objectives yet; `manage.py apply PATH` reads them from YAML.")


def _table(statuses: list[Status]) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("objective", "service"):
        table.add_column(name, overflow="fold")
    for name in ("target", "SLI", "budget left", "burn 1h", "measured"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("state", no_wrap=True)
    for s in statuses:
        table.add_row(
            s.name,
            s.facts.service,
            f"{s.facts.target:.4%}",
            _percent(s.period.ratio, 4),
            _percent(s.budget.remaining, 1),
            "–" if s.burns[HOUR] is None else f"{s.burns[HOUR]:.2f}×",
            f"{s.period.completeness:.1%}",
            f"{MARKS[s.state]} {s.state}" + (f" ({s.problem})" if s.problem else ""),
        )
    return table


def _percent(share: float | None, digits: int) -> str:
    return "–" if share is None else f"{share:.{digits}%}"
