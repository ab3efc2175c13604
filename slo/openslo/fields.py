"""The types of fields in documents, each with the sentence that refuses a wrong value."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field

from slo.errors import DefinitionError
from slo.maths.windows import parse_duration

T = TypeVar("T")

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9_-]*[a-z0-9])?")
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
LONGEST_NAME = 100
LONGEST_DURATION = 400 * 86_400


def checked(function: Callable[..., T], *args: Any) -> T:
    """Call, with a DefinitionError as the ValueError that pydantic collects."""
    try:
        return function(*args)
    except DefinitionError as error:
        raise ValueError(error.message) from None


def unsupported(what: str, advice: str) -> BeforeValidator:
    """Refuse, by its name, something that OpenSLO allows and Brownout does not do."""

    def refuse(value: Any) -> None:
        if value in (None, [], {}):
            return
        raise ValueError(f"{what} is OpenSLO but not supported yet; {advice}")

    return BeforeValidator(refuse)


def _name(text: str) -> str:
    if len(text) <= LONGEST_NAME and _NAME.fullmatch(text):
        return text
    raise ValueError(
        f"{text[:60]!r} is no name; write lower-case letters, digits, hyphens and underscores, "
        f"beginning and ending with a letter or digit, at most {LONGEST_NAME} characters"
    )


def _seconds(value: Any) -> int:
    if not isinstance(value, str):
        raise ValueError("write a duration as text with its unit, such as 15s, 5m or 1h30m")  # noqa: TRY004
    seconds = checked(parse_duration, value) if len(value) <= 40 else LONGEST_DURATION + 1
    if seconds > LONGEST_DURATION:
        raise ValueError(f"{value[:40]!r} is longer than 400 days")
    return seconds


def _delay(value: Any) -> int:
    return 0 if value == "0s" else _seconds(value)


def _labels(labels: dict[str, Any]) -> dict[str, Any]:
    for name, value in labels.items():
        if not all(isinstance(item, str) for item in (value if isinstance(value, list) else [value])):
            raise ValueError(f"the value of {name} must be text or a list of texts; put it in quotes")
    return labels


def _instant(value: Any) -> datetime:
    try:
        instant = datetime.fromisoformat(value)
        if instant.tzinfo is not None:
            return instant.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        raise ValueError("write an instant as 2026-03-01T12:00:00Z") from None
    raise ValueError("has no time zone; write an instant as 2026-03-01T12:00:00Z")


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        raise ValueError(f"{name[:60]!r} is no time zone; write it as Europe/Berlin or UTC") from None
    return name


def checked_url(text: str) -> str:
    """An http or https address as it was written. Raises ValueError, which quotes no password."""
    try:
        parts = urlsplit(text)
        good = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        good = False
    if good and text.isprintable() and " " not in text:
        return text
    # Whatever stands before an @ may be a password.
    raise ValueError(f"{text.rpartition('@')[2][:60]!r} is no address; write it as http://host:port/path or https://…")


def checked_headers(headers: dict[str, str]) -> dict[str, str]:
    """The headers. Raises ValueError for what HTTP cannot send."""
    for name, value in headers.items():
        if not _HEADER.fullmatch(name):
            raise ValueError(f"{name[:60]!r} is no name of an HTTP header")
        if not value.isprintable() or not value.isascii():
            raise ValueError(f"the value of {name} must be printable ASCII on one line")
    return headers


Name = Annotated[str, AfterValidator(_name)]
"""A name: lower-case letters, digits, hyphens and underscores, at most 100."""

Duration = Annotated[int, BeforeValidator(_seconds)]
"""A duration as text (`5m`), held in whole seconds; at most 400 days."""

Delay = Annotated[int, BeforeValidator(_delay)]
"""A duration that may be `0s`."""

Instant = Annotated[datetime, BeforeValidator(_instant)]
"""An ISO 8601 instant with its time zone, held in UTC."""

TimeZone = Annotated[str, AfterValidator(_zone)]
"""The name of a time zone, such as Europe/Berlin."""

Number = Annotated[float, Field(allow_inf_nan=False)]
"""A finite number; a whole one will do."""

Title = Annotated[str, Field(max_length=200)]
"""A name for people, on one line of a table."""

Url = Annotated[str, AfterValidator(checked_url)]
"""An http or https address, kept as it was written."""

Labels = Annotated[dict[str, Any], AfterValidator(_labels)]
"""Words about a document, for people and other tools: text or lists of texts."""
