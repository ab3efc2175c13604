"""`manage.py export`: the catalog back as documents."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from slo.errors import NotFoundError
from slo.services.catalog import export_documents


class Command(BaseCommand):
    help = "Print the catalog as YAML documents that `apply` reads back"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", nargs="*", help="what to export; everything by default")
        parser.add_argument("--format", choices=("openslo",), default="openslo")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self.stdout.write(export_documents(options["name"]), ending="")
        except NotFoundError as error:
            raise CommandError(str(error)) from None
