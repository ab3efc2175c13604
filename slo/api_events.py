"""Counts sent over JSON."""

from datetime import UTC, datetime
from typing import Annotated, Self

from django.http import HttpRequest
from ninja import Body, Router, Schema
from ninja.responses import Status
from pydantic import AwareDatetime, ConfigDict, Field, field_validator, model_validator

from slo.api_auth import reporter
from slo.services.events import Counts, receive

router = Router(tags=["events"])

MOST = 1000
Number = Annotated[float, Field(strict=True, ge=0, le=1e15, allow_inf_nan=False)]


class EventsIn(Schema):
    """Two of good, bad and total; `at` is the end of the span they were counted in, now by default.

    `id` is a key of the sender's choice: the same counts under the same key count once for an objective.
    """

    model_config = ConfigDict(extra="forbid")

    objective: Annotated[str, Field(max_length=200, pattern=r"^[-a-zA-Z0-9_]+$")]
    id: Annotated[str, Field(min_length=1, max_length=200)]
    good: Number | None = None
    bad: Number | None = None
    total: Number | None = None
    at: AwareDatetime | None = None

    @field_validator("id")
    @classmethod
    def _printable(cls, key: str) -> str:
        if not key.isprintable():
            raise ValueError("must be printable text")
        return key

    @model_validator(mode="after")
    def _two_of_three(self) -> Self:
        if [self.good, self.bad, self.total].count(None) != 1:
            raise ValueError("needs two of good, bad and total")
        if self.total is not None and self.total < (self.good or self.bad or 0):
            raise ValueError("total must not be below good or bad")
        return self

    def counts(self) -> Counts:
        total = self.total if self.total is not None else (self.good or 0) + (self.bad or 0)
        good = self.good if self.good is not None else total - (self.bad or 0)
        return Counts(self.objective, self.id, good, total, self.at)


class ReceiptOut(Schema):
    """`accepted` were new; `repeated` had been accepted before and changed nothing."""

    accepted: int
    repeated: int


@router.post("/events", response={202: ReceiptOut}, auth=reporter, summary="Send counts of good and all events")
def post_events(
    request: HttpRequest, events: Annotated[list[EventsIn], Field(min_length=1, max_length=MOST), Body()]
) -> Status[ReceiptOut]:
    """All of them are accepted, or none; they are counted with the next tick, at their instants."""
    receipt = receive([item.counts() for item in events], datetime.now(UTC))
    return Status(202, ReceiptOut(accepted=receipt.accepted, repeated=receipt.repeated))
