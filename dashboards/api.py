"""Reports over JSON and as CSV, and post-mortems."""

from datetime import UTC, datetime
from typing import Any, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema

from dashboards.presenters.postmortem import post_mortem
from dashboards.presenters.report import report
from dashboards.presenters.report_csv import as_csv
from dashboards.presenters.report_rows import as_json

router = Router(tags=["reports"])


class ReportOut(Schema):
    """How promises were kept: ratios from 0 to 1, shares of the budget above 1 when overspent, null where unknown."""

    period: dict[str, Any]
    as_of: datetime
    service: str | None
    owner: str | None
    summary: dict[str, int]
    before: dict[str, Any]
    services: list[dict[str, Any]]


@router.get("/reports/{period}", response=ReportOut, summary="How the promises were kept in a month or a quarter")
def get_report(
    request: HttpRequest,
    period: str,
    service: str = "",
    owner: str = "",
    format: Literal["json", "csv"] = "json",  # noqa: A002
) -> Any:
    """`period` is 2026-10 or 2026-Q4; as CSV with `format=csv`."""
    made = report(period, datetime.now(UTC), service, owner)
    if format == "json":
        return as_json(made)
    name = f"brownout-{period}.csv"
    return HttpResponse(
        as_csv(made),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"},
    )


class PostMortemOut(Schema):
    """The draft of a post-mortem: Markdown, made of what was recorded about the alert."""

    alert: int
    markdown: str


@router.get(
    "/alerts/{int:pk}/post-mortem", response=PostMortemOut, tags=["alerts"], summary="A draft of the post-mortem"
)
def get_post_mortem(request: HttpRequest, pk: int) -> dict[str, Any]:
    return {"alert": pk, "markdown": post_mortem(pk, datetime.now(UTC))}
