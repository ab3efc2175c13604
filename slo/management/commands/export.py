"""`manage.py export`: the catalog back as documents, or as rules for Prometheus."""

from argparse import ArgumentParser
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from slo.errors import BrownoutError
from slo.services.catalog import export_documents
from slo.services.catalog.rules import export_rules


class Command(BaseCommand):
    help = "Print the catalog as YAML documents that `apply` reads back, or its objectives as rules for Prometheus"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", nargs="*", help="what to export; everything by default")
        parser.add_argument("--format", choices=("openslo", "prometheus-rules"), default="openslo")
        parser.add_argument("--source", default="", help="rules of the objectives that this DataSource measures")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["format"] == "openslo":
                text = export_documents(options["name"])
            else:
                text = self._rules(options["name"], options["source"])
        except BrownoutError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(text, ending="")

    def _rules(self, names: list[str], source: str) -> str:
        file = export_rules(names, datetime.now(UTC), source=source)
        for note in file.notes:
            self.stderr.write(note)
        return file.text
