"""`manage.py report --period 2026-10`: how the promises were kept over a month or a quarter."""

import json
from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.core.serializers.json import DjangoJSONEncoder
from django.template.loader import render_to_string
from django.utils.safestring import mark_safe

from dashboards.presenters.report import report
from dashboards.presenters.report_csv import as_csv
from dashboards.presenters.report_rows import Report, as_json
from dashboards.presenters.reports import report_body
from slo.errors import BrownoutError

STYLES = Path(__file__).parents[2] / "static" / "dashboards" / "css"
SHEETS = ("tokens", "base", "components", "pages", "report")


class Command(BaseCommand):
    help = "How the promises were kept over a month or a quarter, as JSON, CSV or a page that stands alone"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--period", required=True, help="a month (2026-10) or a quarter (2026-Q4), in UTC")
        parser.add_argument("--service", default="", help="one service; all by default")
        parser.add_argument("--owner", default="", help="one owner; all by default")
        parser.add_argument("--format", choices=("json", "csv", "html"), default="json")

    def handle(self, *args: Any, **options: Any) -> None:
        at = datetime.now(UTC)
        try:
            made = report(options["period"], at, options["service"], options["owner"])
        except BrownoutError as error:
            raise CommandError(str(error)) from None
        writers = {"json": _json, "csv": as_csv, "html": _html}
        self.stdout.write(writers[options["format"]](made), ending="")


def _json(made: Report) -> str:
    return json.dumps(as_json(made), indent=2, ensure_ascii=False, cls=DjangoJSONEncoder) + "\n"


def _html(made: Report) -> str:
    """A page with its styles inside: a file that is mailed or printed has no server to ask for them."""
    css = "\n".join((STYLES / f"{name}.css").read_text(encoding="utf-8") for name in SHEETS)
    styles = mark_safe(f"<style>\n{css}</style>")  # noqa: S308 (our own sheets)
    return render_to_string(
        "dashboards/reports/alone.html",
        {"body": report_body(made), "at": made.at, "styles": styles, "alone": True},
    )
