"""What documents say of a span with a reason, once or again and again."""

from datetime import datetime, timedelta
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from slo.maths.recurrence import Recurrence, check
from slo.openslo.schema import Duration, Instant, Spec, TimeZone, checked


def _reason(text: str) -> str:
    if not text.strip():
        raise ValueError("say why: the reason is kept and shown")
    return text.strip()


Reason = Annotated[str, Field(max_length=2_000), AfterValidator(_reason)]


class SpanSpec(Spec):
    """From `start` to `end` (or for `duration`); with a rule (RRULE) that is the first occurrence."""

    start: Instant
    end: Instant | None = None
    duration: Duration | None = None
    rule: str = ""
    time_zone: TimeZone = "UTC"
    reason: Reason

    @model_validator(mode="after")
    def _has_length(self) -> Self:
        if (self.end is None) == (self.duration is None):
            raise ValueError("needs either end or duration")
        if self.until <= self.start:
            raise ValueError("end must be after start")
        if self.rule:
            checked(check, Recurrence(self.rule, self.start, self.time_zone, self.seconds))
        return self

    @property
    def seconds(self) -> int:
        """How long it lasts, each time."""
        return self.duration or int(((self.end or self.start) - self.start).total_seconds())

    @property
    def until(self) -> datetime:
        """The end of its first occurrence."""
        return self.end or self.start + timedelta(seconds=self.seconds)
