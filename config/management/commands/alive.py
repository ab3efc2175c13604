"""`manage.py alive PART`: has a part of the loop shown a sign of life? For the health checks of containers."""

from argparse import ArgumentParser
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from config.health import PARTS
from slo.models import Heartbeat

RECENT = timedelta(minutes=2)


class Command(BaseCommand):
    help = "Succeed if the part was alive within the last two minutes"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("part", choices=PARTS)

    def handle(self, *args: Any, **options: Any) -> None:
        last = Heartbeat.objects.filter(name=options["part"]).values_list("at", flat=True).first()
        if last is None or datetime.now(UTC) - last > RECENT:
            raise CommandError(f"{options['part']} was last alive {last or 'never'}")
