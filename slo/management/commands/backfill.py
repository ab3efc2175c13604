"""`manage.py backfill --since T [--until T] [NAME …]`: fill in history from before measuring began.

With `--replace`, correct what has been measured: read a span of the ledger again and shift all that comes after.
"""

from argparse import ArgumentParser
from datetime import UTC, datetime
from getpass import getuser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import Progress

from slo import selectors
from slo.errors import BackfillError, BrownoutError
from slo.maths.windows import from_epoch
from slo.models import Objective
from slo.services.backfill import Outcome, backfill
from slo.services.correct import Order, correct
from slo.services.correct import Outcome as Corrected
from slo.sources import registry


class Command(BaseCommand):
    """Fill in history from before measuring began, or read a span again, from sources that remember (Prometheus)."""

    help = "Fill in history from before measuring began, from sources that remember it (Prometheus)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("names", nargs="*", metavar="NAME", help="objectives; all that can be filled by default")
        parser.add_argument("--since", required=True, metavar="T", help="from when on, such as 2026-01-31T00:00Z")
        parser.add_argument("--until", metavar="T", help="up to when; now by default")
        parser.add_argument("--replace", action="store_true", help="read what has been measured again and correct it")
        parser.add_argument("--dry-run", action="store_true", help="with --replace: only show what would change")
        parser.add_argument("--force", action="store_true", help="with --replace: even if observation gets lost by it")
        parser.add_argument("--reason", default="", help="with --replace: why; kept with the correction")
        parser.add_argument("--by", default="", help="with --replace: who; whoever is logged in by default")

    def handle(self, *args: Any, **options: Any) -> None:
        at = datetime.now(UTC)
        try:
            since = _instant(options["since"], "--since")
            until = min(at, _instant(options["until"], "--until")) if options["until"] else at
            if options["replace"]:
                self._correct(options, since, until, at)
                return
            _refuse_alone(options)
            outcomes = self._fill(_chosen(options["names"]), since, until, at)
        except BrownoutError as error:
            raise CommandError(str(error)) from None
        for outcome in outcomes:
            self.stdout.write(_line(outcome))
        if failed := sum(outcome.failed for outcome in outcomes):
            raise CommandError(f"{failed} of {len(outcomes)} objectives could not be filled")

    def _correct(self, options: dict[str, Any], since: datetime, until: datetime, at: datetime) -> None:
        if not options["names"]:
            raise BackfillError("name the objectives to correct: --replace changes what has been measured")
        order = Order(since, until, options["by"] or getuser(), options["reason"], options["dry_run"], options["force"])
        outcomes = correct(_chosen(options["names"]), order, at)
        for outcome in outcomes:
            self.stdout.write(_corrected(outcome, dry_run=order.dry_run))
        if failed := sum(bool(outcome.problem) for outcome in outcomes):
            raise CommandError(f"{failed} of {len(outcomes)} objectives could not be corrected")

    def _fill(self, chosen: list[Objective], since: datetime, until: datetime, at: datetime) -> list[Outcome]:
        console = Console(stderr=True)
        with Progress(console=console, disable=not console.is_terminal, transient=True) as bar:
            task = bar.add_task("Filling in history", total=1.0)
            return backfill(chosen, since, until, at, lambda share: bar.update(task, completed=share))


def _instant(text: str, option: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise BackfillError(f"{option} {text!r} is no time; write it like 2026-01-31T00:00Z") from None
    if instant.tzinfo is None:
        raise BackfillError(f"{option} {text!r} has no time zone; add Z for UTC, such as 2026-01-31T00:00Z")
    return instant


def _chosen(names: list[str]) -> list[Objective]:
    if names:
        return [selectors.objective(name) for name in dict.fromkeys(names)]
    chosen = [item for item in selectors.objectives() if registry.build(item.source.kind, item.source.spec).replays]
    if not chosen:
        raise BackfillError("there is no objective whose source remembers the past; history needs a Prometheus")
    return chosen


def _refuse_alone(options: dict[str, Any]) -> None:
    for option in ("dry_run", "force", "reason", "by"):
        if options[option]:
            raise BackfillError(f"--{option.replace('_', '-')} belongs to --replace")


def _corrected(outcome: Corrected, *, dry_run: bool) -> str:
    if outcome.problem:
        return f"{outcome.objective}: {outcome.problem}"
    span = f"{from_epoch(outcome.start):%Y-%m-%d %H:%M:%S} to {from_epoch(outcome.end):%Y-%m-%d %H:%M:%S} UTC"
    change = outcome.difference
    lost = f"; {outcome.lost:g} s of observation lost" if outcome.lost else ""
    verb = "would change" if dry_run else "changed"
    figures = f"good {change.good:+g}, total {change.total:+g}, observed {change.observed:+g} s"
    return f"{outcome.objective}: {span} {verb}: {figures}{lost}"


def _line(outcome: Outcome) -> str:
    reach = f"{outcome.objective}: measured since {from_epoch(outcome.start):%Y-%m-%d %H:%M:%S} UTC"
    return f"{reach}; {outcome.note}" if outcome.note else reach
