"""SLIs that Brownout counts itself, without a query: checks it runs (`probe`) and counts it is sent (`events`).

In OpenSLO's words each is a `raw` metric of `rawType: success`: one source tells good events from all.
"""

import re
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator
from pydantic.alias_generators import to_camel

from slo.maths.windows import format_duration
from slo.openslo.connection import Address, SecretHeaders
from slo.openslo.schema import Duration, Name, Number, Spec

LONGEST_TIMEOUT, LONGEST_INTERVAL, LONGEST_HEARTBEAT = 30, 86_400, 3_600
_STATUS = re.compile(r"([1-5]\d\d)(?:-([1-5]\d\d))?")
_HOST = re.compile(r"(?:\[[0-9a-fA-F:.]+\]|[^\s:/@\[\]]+):(\d{1,5})")
_HTTP_ONLY = {"method", "expected_status", "body_match", "headers", "follow_redirects"}


def _statuses(value: Any) -> list[list[int]]:
    if not isinstance(value, list) or not value:
        raise ValueError("must be a list of statuses and ranges, such as [200-299, 404]")
    found = []
    for item in value:
        matched = _STATUS.fullmatch(str(item))
        low, high = (int(matched[1]), int(matched[2] or matched[1])) if matched else (1, 0)
        if low > high:
            raise ValueError(f"{str(item)[:40]!r} is no HTTP status and no range of them; write 200 or 200-299")
        found.append([low, high])
    return found


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"is no regular expression: {error}") from None
    return text


def _place(text: str) -> str:
    matched = _HOST.fullmatch(text)
    if matched is None or not 0 < int(matched[1]) < 65_536:
        raise ValueError(f"{text[:60]!r} is no host with a port; write it as host:port")
    return text


class Probe(Spec):
    """A check that Brownout runs: an HTTP request, or a TCP connection. It is good when everything holds."""

    url: Address | None = None
    tcp: Annotated[str, AfterValidator(_place)] | None = None
    method: Literal["GET", "HEAD", "OPTIONS", "POST"] = "GET"
    interval: Duration = 60
    timeout: Duration = 5
    max_seconds: Annotated[Number, Field(gt=0)] | None = None
    expected_status: Annotated[list[list[int]], BeforeValidator(_statuses)] = [[200, 299]]
    body_match: Annotated[str, Field(max_length=500), AfterValidator(_pattern)] = ""
    tls_expiry_days: Annotated[int, Field(ge=0, le=3650)] | None = None
    headers: SecretHeaders = {}
    follow_redirects: bool = True

    @model_validator(mode="after")
    def _one_target(self) -> Self:
        if (self.url is None) == (self.tcp is None):
            raise ValueError("needs either url or tcp")
        strange = sorted(to_camel(name) for name in self.model_fields_set & _HTTP_ONLY)
        if self.tcp is not None and strange:
            raise ValueError(f"{', '.join(strange)} belongs to a url, not to tcp")
        if self.method == "HEAD" and self.body_match:
            raise ValueError("an answer to HEAD has no body to match")
        if self.tls_expiry_days is not None and (self.url or "https:").startswith("http:"):
            raise ValueError("tlsExpiryDays needs TLS: an https address, or tcp")
        return self

    @model_validator(mode="after")
    def _in_time(self) -> Self:
        if self.timeout > LONGEST_TIMEOUT:
            raise ValueError(f"timeout must be at most {LONGEST_TIMEOUT}s: a check must not hold up the tick")
        if not self.timeout <= self.interval <= LONGEST_INTERVAL:
            raise ValueError("interval must be at least the timeout, and at most 1d")
        if self.max_seconds is not None and self.max_seconds > self.timeout:
            raise ValueError("maxSeconds must not be above the timeout")
        return self


class Events(Spec):
    """Counts that are sent to `POST /api/v1/events`; each post vouches for the `heartbeat` before its instant."""

    heartbeat: Annotated[Duration, Field(le=LONGEST_HEARTBEAT)] = 60


class Direct(Spec):
    probe: Probe | None = None
    events: Events | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if (self.probe is None) == (self.events is None):
            raise ValueError("needs either probe or events")
        return self


class DirectSource(Spec):
    metric_source_ref: Name
    type: str = ""
    spec: Direct


class DirectSide(Spec):
    metric_source: DirectSource


class DirectMetric(Spec):
    """What a source of the kind probe or events counts."""

    counter: bool = True
    raw_type: Literal["success"]
    raw: DirectSide

    def stored(self) -> dict[str, Any]:
        """The SLI as it is stored: {"probe": {…}} or {"events": {…}}, durations in seconds."""
        return self.raw.metric_source.spec.model_dump(exclude_none=True)


def shape(value: Any) -> Literal["ratio", "direct"]:
    """Which of the two a ratioMetric is, in a document or as it was read."""
    for name in ("raw", "metricSource", "spec"):
        value = value.get(name) if isinstance(value, dict) else None
    return "direct" if isinstance(value, dict) and {"probe", "events"} & value.keys() else "ratio"


def written(sli: dict[str, Any], source: str) -> dict[str, Any]:
    """The ratioMetric of a stored SLI of this kind, in the spelling of documents."""
    kind, spec = ("probe", Probe) if "probe" in sli else ("events", Events)
    fields = {name: value for name, value in sli[kind].items() if value != spec.model_fields[name].default}
    spelled = {to_camel(name): _spelled(name, value) for name, value in fields.items()}
    return {"rawType": "success", "raw": {"metricSource": {"metricSourceRef": source, "spec": {kind: spelled}}}}


def _spelled(name: str, value: Any) -> Any:
    if name in {"interval", "timeout", "heartbeat"}:
        return format_duration(value)
    if name == "expected_status":
        return [low if low == high else f"{low}-{high}" for low, high in value]
    if name == "headers":
        return {
            header: {to_camel(key): held for key, held in text.items()} if isinstance(text, dict) else text
            for header, text in value.items()
        }
    return value
