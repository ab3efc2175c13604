"""What receivers report back over HTTP: each proves by its own means that it is the one it says."""

from datetime import UTC, datetime

from django.http import HttpRequest
from ninja import Router, Schema
from ninja.errors import HttpError

from alerts.services import hear_alertmanager, hear_pagerduty
from slo.errors import SourceError

router = Router(tags=["inbound"])

# The sender tries again: somebody has to put the secret where the channel says it is.
MISSING = "The channel's secret is not to be found on our side"


class HeardOut(Schema):
    """What became of it."""

    outcome: str


@router.post("/inbound/pagerduty/{channel}", response=HeardOut, auth=None, summary="A webhook (v3) of PagerDuty")
def pagerduty(request: HttpRequest, channel: str) -> dict[str, str]:
    """Acknowledges the alerts of an incident, or notes that it was resolved there; signed with `X-PagerDuty-Signature`.

    401 without a signature that fits the channel's `webhookSecret`.
    """
    signature = request.headers.get("X-PagerDuty-Signature", "")
    try:
        report = hear_pagerduty.hear(channel, signature, request.body, datetime.now(UTC))
    except SourceError as error:
        raise HttpError(503, MISSING) from error
    return {"outcome": report.outcome if report else "heard before"}


@router.post("/inbound/alertmanager/{channel}", response=HeardOut, auth=None, summary="A webhook of Alertmanager")
def alertmanager(request: HttpRequest, channel: str) -> dict[str, str]:
    """Notes on timelines what Alertmanager holds, and changes no state.

    401 without the channel's `inboundToken` as bearer token.
    """
    authorization = request.headers.get("Authorization", "")
    try:
        noted = hear_alertmanager.hear(channel, authorization, request.body, datetime.now(UTC))
    except SourceError as error:
        raise HttpError(503, MISSING) from error
    return {"outcome": f"{noted} noted"}
