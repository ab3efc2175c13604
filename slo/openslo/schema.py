"""What documents may say: the envelope, and the specs of OpenSLO's and Brownout's own kinds.

Documents are camelCase and strict: a number is not text, and an unknown field is refused.
"""

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

from slo.errors import DurationError
from slo.maths.windows import parse_duration


class Spec(BaseModel):
    """Base of every `spec`: camelCase in documents, unknown fields refused, nothing converted (lists stay lists)."""

    model_config = ConfigDict(
        alias_generator=to_camel, extra="forbid", frozen=True, strict=True, allow_inf_nan=False, populate_by_name=True
    )


def _seconds(value: Any) -> Any:
    if not isinstance(value, str):
        raise ValueError("write a duration as text with its unit, such as 5m or 1h30m")  # noqa: TRY004 pydantic's way
    try:
        return parse_duration(value)
    except DurationError as error:
        raise ValueError(error.message) from None


def _instant(value: Any) -> Any:
    try:
        instant = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise ValueError("write an instant as 2026-03-01T12:00:00Z") from None
    if instant.tzinfo is None:
        raise ValueError("has no time zone; write an instant as 2026-03-01T12:00:00Z")
    return instant.astimezone(UTC)


Name = Annotated[str, Field(pattern=r"\A[a-z0-9]([a-z0-9_-]*[a-z0-9])?\Z", max_length=63)]
"""A name: lower-case letters, digits, hyphens and underscores, at most 63."""

Duration = Annotated[int, BeforeValidator(_seconds)]
"""A duration as text (`5m`), held in whole seconds."""

Instant = Annotated[datetime, BeforeValidator(_instant)]
"""An ISO 8601 instant with its time zone, held in UTC."""
