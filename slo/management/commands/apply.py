"""`manage.py apply`: the catalog out of documents, all or nothing."""

from argparse import ArgumentParser
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console

from slo.errors import CatalogError
from slo.services.catalog import Change, apply_documents

SIGNS = {"created": ("+", "green"), "changed": ("~", "yellow"), "pruned": ("-", "red")}


class Command(BaseCommand):
    help = "Make the catalog what the documents in files and folders say, all or nothing"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("path", nargs="+", help="*.yaml, *.yml and *.md files, or folders of them")
        parser.add_argument("--dry-run", action="store_true", help="print the difference and change nothing")
        parser.add_argument("--source", default="", help="the DataSource of documents that name none")
        parser.add_argument("--prune", action="store_true", help="remove what the documents do not declare")

    def handle(self, *args: Any, **options: Any) -> None:
        dry_run = options["dry_run"]
        try:
            changes = apply_documents(
                options["path"],
                datetime.now(UTC),
                dry_run=dry_run,
                prune=options["prune"],
                source=options["source"],
                warn=lambda warning: self.stderr.write(f"warning: {warning}"),
            )
        except CatalogError as error:
            for reason in error.errors:
                self.stderr.write(str(reason))
            mistakes = "1 mistake" if len(error.errors) == 1 else f"{len(error.errors)} mistakes"
            raise CommandError(f"{mistakes}; nothing was changed") from None
        # Lines are not to be broken for a program that reads them.
        console = Console(file=self.stdout, soft_wrap=True, highlight=False, markup=False, emoji=False)  # type: ignore[arg-type]  # an OutputWrapper is a file
        _print(console, changes, dry_run=dry_run)


def _print(console: Console, changes: Sequence[Change], *, dry_run: bool) -> None:
    for change in changes:
        if change.action == "unchanged":
            continue
        sign, colour = SIGNS[change.action]
        console.print(f"{sign} {change.kind} {change.name}", style=colour)
        for difference in change.differences:
            console.print(f"    {difference}")
    counts = Counter(str(change.action) for change in changes)
    told = [f"{counts[action]} {action}" for action in (*SIGNS, "unchanged") if counts[action] or action == "unchanged"]
    console.print(", ".join(told) + ("; nothing was changed: this is a dry run" if dry_run else ""))
