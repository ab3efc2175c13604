"""`manage.py replay OBJECTIVE`: what a burn policy would have done over the stored history."""

import json
from argparse import ArgumentParser
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.core.serializers.json import DjangoJSONEncoder

from alerts.rules.words import duration, percent
from alerts.rules.words import instant as written
from alerts.services.replay import Replay, replay
from slo import selectors
from slo.errors import BrownoutError
from slo.management.instants import instant


class Command(BaseCommand):
    help = "Replay a burn policy over the stored history of an objective"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("objective")
        chosen = parser.add_mutually_exclusive_group()
        chosen.add_argument("--policy", default="", help="a burn policy by its name; the objective's own by default")
        chosen.add_argument("--windows", default="", help="windows, such as page:1h/5m:14.4,ticket:3d/6h:1")
        parser.add_argument("--since", type=instant, required=True, metavar="T")
        parser.add_argument("--until", type=instant, metavar="T", help="now by default")
        parser.add_argument("--json", action="store_true", help="the public JSON form")

    def handle(self, *args: Any, **options: Any) -> None:
        at = datetime.now(UTC)
        try:
            item = selectors.objective(options["objective"])
            until = options["until"] or at
            found = replay(item, options["since"], until, at, options["policy"], options["windows"])
        except BrownoutError as error:
            raise CommandError(str(error)) from None
        if options["json"]:
            self.stdout.write(json.dumps(found.as_json(), indent=2, cls=DjangoJSONEncoder))
        else:
            for line in _lines(found):
                self.stdout.write(line)


def _lines(found: Replay) -> list[str]:
    told = f"{len(found.incidents)} incidents, {found.count('page')} pages, {found.count('ticket')} tickets"
    lines = [
        f"{found.objective}, policy {found.policy}: {', '.join(map(str, found.windows))}",
        f"{written(found.since)} to {written(found.until)}: {found.judgements} judgements, {told}",
    ]
    for alert in found.alerts:
        lasted = f"for {duration((alert.end - alert.start).total_seconds())}" if alert.end else "and goes on"
        delay = "" if alert.delay is None else f", {duration(alert.delay)} after the incident began"
        spent = "" if alert.spent is None else f", {percent(alert.spent)} of the budget spent"
        lines.append(f"{written(alert.start)}  {alert.severity} {lasted}{delay}{spent}")
    return [*lines, f"note: {found.note}"] if found.note else lines
