"""`manage.py tick`: the whole pipeline once, in this process, without a broker."""

from argparse import ArgumentParser
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from alerts.services.deliver import deliver
from config.pipeline import tick
from degradation.services.carry_out import carry_out
from slo.management.instants import instant
from slo.services.memory import look


class Command(BaseCommand):
    help = "Measure, judge, shed and deliver once"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--at", type=instant, help="the instant to work for; now by default")

    def handle(self, *args: Any, **options: Any) -> None:
        at = options["at"] or datetime.now(UTC)
        failed = tick(at)
        deliver(at)
        carry_out(at)
        look(at)
        if failed:
            raise CommandError(f"These steps failed: {', '.join(failed)}; the log says why")
