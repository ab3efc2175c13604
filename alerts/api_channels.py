"""Channels over JSON: how they stand, testing them, and what they never got. Never what their connection holds."""

from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema

from alerts import selectors_channels as selectors
from alerts.models import ChannelTrial
from alerts.selectors_channels import Standing
from alerts.services.channels import send_all_again, switch
from alerts.services.try_channel import try_channel
from slo.api_auth import Caller, operator

router = Router(tags=["channels"])


class TrialOut(Schema):
    """A test: `accepted`, `retry` (not now) or `refused`, the receiver's words, and how long it took in seconds."""

    at: datetime
    by: str
    outcome: str
    answer: str
    seconds: float | None


class ChannelOut(Schema):
    """A channel: what it wants to hear (seconds), how it stands, messages `owed` and given up (`dead`)."""

    name: str
    kind: str
    description: str
    enabled: bool
    severities: list[str]
    match: list[str]
    after: int
    remind: int
    group_by: list[str]
    group_wait: int
    state: str
    owed: int
    dead: int
    failures: int
    waits_until: datetime | None
    answer: str
    answered_at: datetime | None
    test: TrialOut | None


class ChannelList(Schema):
    channels: list[ChannelOut]


class Switch(Schema):
    enabled: bool


class SentAgain(Schema):
    """The number of messages that are owed again."""

    messages: int


@router.get("/channels", response=ChannelList, auth=operator, summary="Every channel and how it stands")
def list_channels(request: HttpRequest) -> dict[str, Any]:
    return {"channels": [_channel(item) for item in selectors.standings(datetime.now(UTC))]}


@router.get("/channels/{name}", response=ChannelOut, auth=operator, summary="How a channel stands")
def get_channel(request: HttpRequest, name: str) -> dict[str, Any]:
    return _channel(selectors.standing(selectors.channel(name), datetime.now(UTC)))


@router.patch("/channels/{name}", response=ChannelOut, auth=operator, summary="Enable or disable a channel")
def patch_channel(request: HttpRequest, name: str, body: Switch) -> dict[str, Any]:
    """Until its document is applied again. What is owed to a disabled channel is given up."""
    switch(selectors.channel(name), _name(request), enabled=body.enabled)
    return _channel(selectors.standing(selectors.channel(name), datetime.now(UTC)))


@router.post("/channels/{name}/test", response=TrialOut, auth=operator, summary="Send a test message")
def test_channel(request: HttpRequest, name: str) -> dict[str, Any]:
    """Through the real adapter, marked as a test; shows the answer. 429 within ten seconds of the last test."""
    trial = try_channel(selectors.channel(name), _name(request), datetime.now(UTC))
    return _trial(trial)


@router.post(
    "/channels/{name}/send-again", response=SentAgain, auth=operator, summary="Owe a channel again what it never got"
)
def send_again(request: HttpRequest, name: str) -> dict[str, int]:
    return {"messages": send_all_again(selectors.channel(name), datetime.now(UTC))}


def _name(request: HttpRequest) -> str:
    caller: Caller = request.auth  # type: ignore[attr-defined]  # set by ninja from `operator`
    return str(caller.user) if caller.user else f"the token {caller.token}"


def _channel(item: Standing) -> dict[str, Any]:
    names = ("name", "kind", "description", "enabled", "severities", "match", "after", "remind", "group_by")
    stands = ("state", "owed", "dead", "failures", "waits_until", "answer", "answered_at")
    return {
        **{name: getattr(item.channel, name) for name in (*names, "group_wait")},
        **{name: getattr(item, name) for name in stands},
        "test": _trial(item.trial) if item.trial else None,
    }


def _trial(item: ChannelTrial) -> dict[str, Any]:
    return {name: getattr(item, name) for name in ("at", "by", "outcome", "answer", "seconds")}
