"""Banners over JSON."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Router, Schema
from ninja.responses import Status
from pydantic import Field

from degradation import selectors
from degradation.models import Banner
from degradation.services import banners
from slo.api_auth import caller_of, operator

router = Router(tags=["degradation"])


class BannerOut(Schema):
    """A sentence users see; `put_up_by` is a user, a token, "loop" (a shed step) or "capability" (one that is down)."""

    id: int
    text: str
    capability: str
    put_up_by: str
    reason: str
    since: datetime
    until: datetime | None
    ended_at: datetime | None
    ended_reason: str


class BannerIn(Schema):
    """Put up a banner, for so many minutes or until it is taken down."""

    text: str
    reason: str
    minutes: Annotated[int, Field(ge=1, le=43_200)] | None = None


@router.get("/banners", response=list[BannerOut], summary="The banners that stand")
def list_banners(request: HttpRequest) -> list[dict[str, Any]]:
    return [_banner(item) for item in selectors.banners(datetime.now(UTC))]


@router.post("/banners", response={201: BannerOut}, auth=operator, summary="Put up a banner")
def put_up(request: HttpRequest, body: BannerIn) -> Status[dict[str, Any]]:
    at, caller = datetime.now(UTC), caller_of(request)
    until = at + timedelta(minutes=body.minutes) if body.minutes else None
    made = banners.put_up(
        body.text,
        reason=body.reason,
        at=at,
        by=caller.token or str(caller.user or "a program"),
        user=caller.user,
        until=until,
    )
    return Status(201, _banner(made))


@router.delete("/banners/{pk}", response={204: None}, auth=operator, summary="Take a banner down")
def take_down(request: HttpRequest, pk: int, reason: str) -> Status[None]:
    banners.take_down(pk, reason=reason, at=datetime.now(UTC))
    return Status(204, None)


def _banner(item: Banner) -> dict[str, Any]:
    return {
        "id": item.pk,
        "text": item.text,
        "capability": item.capability.name if item.capability else "",
        "put_up_by": item.put_up_by,
        "reason": item.reason,
        "since": item.since,
        "until": item.until,
        "ended_at": item.ended_at,
        "ended_reason": item.ended_reason,
    }
