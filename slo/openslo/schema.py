"""The base of every spec, and the envelope around it.

Documents are camelCase and strict: a number is not text, and an unknown field is refused. Labels, and annotations
of other tools, are accepted and not kept.
"""

from typing import Any

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from slo.openslo.fields import (
    Delay,
    Duration,
    Instant,
    Labels,
    Name,
    Number,
    TimeZone,
    Title,
    Url,
    checked,
    unsupported,
)

__all__ = [
    "Delay",
    "Duration",
    "Envelope",
    "Instant",
    "Metadata",
    "Name",
    "Number",
    "Spec",
    "TimeZone",
    "Title",
    "Url",
    "checked",
    "unsupported",
]


class Spec(BaseModel):
    """Base of every `spec`: camelCase in documents, unknown fields refused, nothing converted (lists stay lists)."""

    model_config = ConfigDict(
        alias_generator=to_camel, extra="forbid", frozen=True, strict=True, allow_inf_nan=False, populate_by_name=True
    )


class Metadata(Spec):
    """What every document says of itself."""

    name: Name
    display_name: Title = ""
    labels: Labels = {}
    annotations: dict[str, str] = {}


class Envelope(Spec):
    """What is around every spec; the kind decides what the spec holds."""

    api_version: str
    kind: str
    metadata: Metadata
    spec: dict[str, Any]
