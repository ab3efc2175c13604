"""An SLO document as the fields of a form, and the fields put into a document. PURE: plain data in and out.

A document may say more than the form shows; whatever a form does not show stays as it is.
"""

from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from slo.errors import DefinitionError
from slo.openslo.promise import CALENDAR_START, UNITS

Fields = dict[str, str]

NOTES = {
    "owner": "brownout/owner",
    "component": "brownout/component",
    "runbook": "brownout/runbook",
    "policy": "brownout/burn-policy",
}
NAMES = (
    "name", "title", "description", "owner", "service", "component", "runbook", "policy", "source", "kind", "side",
    "part", "total", "histogram", "threshold", "target", "period", "zone", "method", "slice_window", "slice_target",
)  # fmt: skip
KINDS = (
    ("counters", "counters, as selectors"),
    ("latency", "a histogram and a threshold"),
    ("queries", "queries for the events of one tick"),
    ("other", "something else, as the YAML says"),
)
# Where the engine's errors belong, the longest first.
_PLACES = (
    ("metadata.name", "name"),
    ("metadata.displayName", "title"),
    *((f"metadata.annotations.{note}", name) for name, note in NOTES.items()),
    ("spec.description", "description"),
    ("spec.service", "service"),
    ("spec.timeWindow.0.calendar", "zone"),
    ("spec.timeWindow", "period"),
    ("spec.budgetingMethod", "method"),
    ("spec.objectives.0.timeSliceWindow", "slice_window"),
    ("spec.objectives.0.timeSliceTarget", "slice_target"),
    ("spec.objectives", "target"),
)


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, at which field of the form (none: at none of them) and on which line and path of the YAML."""

    field: str
    line: int
    text: str
    path: str = ""


def problems(errors: Iterable[DefinitionError]) -> list[Problem]:
    """The engine's errors for people who fill in a form."""
    return [Problem(field_of(error), error.line, error.message, error.field) for error in errors]


def field_of(error: DefinitionError) -> str:
    """The field of the form that an error is about; empty where the form has none."""
    path = error.field
    for place, name in _PLACES:
        if path == place or path.startswith(f"{place}."):
            return name
    if not path.startswith("spec.indicator"):
        return ""
    if "metricSourceRef" in path or path.endswith("metricSource.type"):
        return "source"
    if path.endswith("threshold"):
        return "threshold"
    if path.endswith("histogram"):
        return "histogram"
    return "total" if ".total" in path or "total must" in error.message else "part"


def read(document: Any) -> Fields:
    """The fields of the form as the document has them, empty where it does not say. Takes any data whatever."""
    notes = _get(document, "metadata", "annotations")
    promise = _get(document, "spec", "objectives", 0)
    return {
        "name": _text(document, "metadata", "name"),
        "title": _text(document, "metadata", "displayName"),
        **{name: _text(notes, note) for name, note in NOTES.items()},
        "description": _text(document, "spec", "description"),
        "service": _text(document, "spec", "service"),
        **_indicator(_get(document, "spec", "indicator", "spec")),
        "target": _percent(promise),
        **_window(_get(document, "spec", "timeWindow", 0)),
        "method": _text(document, "spec", "budgetingMethod") or "Occurrences",
        "slice_window": _text(promise, "timeSliceWindow"),
        "slice_target": _text(promise, "timeSliceTarget"),
    }


def write(document: Any, fields: Mapping[str, str]) -> dict[str, Any]:
    """The document with the fields put in."""
    made: dict[str, Any] = deepcopy(document) if isinstance(document, dict) else {}
    made.setdefault("apiVersion", "openslo/v1")
    made.setdefault("kind", "SLO")
    about, spec = _inner(made, "metadata"), _inner(made, "spec")
    about["name"] = fields["name"]
    _set(about, "displayName", fields["title"])
    notes = _inner(about, "annotations")
    for name, note in NOTES.items():
        _set(notes, note, fields[name])
    if not notes:
        del about["annotations"]
    _set(spec, "description", fields["description"])
    spec["service"] = fields["service"]
    if fields["kind"] != "other":
        spec.pop("indicatorRef", None)
        named = {"metadata": {"name": fields["name"]}} if fields["name"] else {}
        spec["indicator"] = named | {"spec": {"ratioMetric": _metric(fields)}}
    spec["timeWindow"] = [_time_window(fields)]
    spec["budgetingMethod"] = fields["method"]
    spec["objectives"] = [_promise(_get(spec, "objectives", 0), fields)]
    return made


def _get(value: Any, *path: str | int) -> Any:
    for key in path:
        if isinstance(key, str) and isinstance(value, dict):
            value = value.get(key)
        elif isinstance(key, int) and isinstance(value, list):
            value = value[key] if len(value) > key else None
        else:
            return None
    return value


def _text(value: Any, *path: str | int) -> str:
    found = _get(value, *path)
    return str(found) if isinstance(found, str | int | float) and not isinstance(found, bool) else ""


def _inner(value: dict[str, Any], name: str) -> dict[str, Any]:
    if not isinstance(value.get(name), dict):
        value[name] = {}
    inner: dict[str, Any] = value[name]
    return inner


def _set(value: dict[str, Any], name: str, text: str) -> None:
    if text:
        value[name] = text
    else:
        value.pop(name, None)


def _percent(promise: Any) -> str:
    of_100 = _text(promise, "targetPercent")
    return of_100 or _shifted(_text(promise, "target"), 2)


def _shifted(text: str, places: int) -> str:
    """A number times a power of ten, to the last digit; what is no number as it is."""
    try:
        number = Decimal(text).scaleb(places)
    except InvalidOperation:
        return text
    return f"{number.normalize():f}" if number.is_finite() and abs(number) < 10**9 else text


def _number(text: str) -> Any:
    """As a number where it is one that can be counted with, else the text itself, for the engine to refuse."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    return float(number) if number.is_finite() and abs(number) < 10**15 else text


def _indicator(spec: Any) -> Fields:
    ratio = _get(spec, "ratioMetric")
    side = "bad" if _get(ratio, "bad") else "good"
    part, total = (_get(ratio, name, "metricSource", "spec") for name in (side, "total"))
    source = _text(ratio, "total", "metricSource", "metricSourceRef")
    fields = {
        "source": source or _text(ratio, "raw", "metricSource", "metricSourceRef"),
        "side": side,
        "part": _text(part, "query"),
        "total": _text(total, "query"),
        "histogram": _text(total, "histogram"),
        "threshold": _text(part, "threshold"),
    }
    return {**fields, "kind": _kind(fields, counter=_get(ratio, "counter") is True)}


def _kind(fields: Mapping[str, str], *, counter: bool) -> str:
    if fields["histogram"] and fields["side"] == "good" and not fields["total"] + fields["part"]:
        return "latency"
    if fields["total"] and fields["part"]:
        return "counters" if counter else "queries"
    return "other"


def _metric(fields: Mapping[str, str]) -> dict[str, Any]:
    source = fields["source"]

    def asked(spec: Mapping[str, Any]) -> dict[str, Any]:
        return {"metricSource": {"metricSourceRef": source, "spec": dict(spec)}}

    if fields["kind"] == "latency":
        histogram = {"histogram": fields["histogram"]}
        within = {**histogram, "threshold": _number(fields["threshold"])}
        return {"counter": True, "good": asked(within), "total": asked(histogram)}
    side = "bad" if fields["side"] == "bad" else "good"
    part, total = asked({"query": fields["part"]}), asked({"query": fields["total"]})
    return {"counter": fields["kind"] == "counters", side: part, "total": total}


def _window(window: Any) -> Fields:
    calendar = _get(window, "calendar")
    duration = _text(window, "duration")
    return {"period": f"calendar {duration}" if calendar else duration, "zone": _text(calendar, "timeZone")}


def _time_window(fields: Mapping[str, str]) -> dict[str, Any]:
    duration = fields["period"].removeprefix("calendar ")
    if fields["period"] == duration:
        return {"duration": duration, "isRolling": True}
    zone = {"startTime": CALENDAR_START} if duration in UNITS else {}
    return {"duration": duration, "isRolling": False, "calendar": zone | {"timeZone": fields["zone"] or "UTC"}}


def _promise(kept: Any, fields: Mapping[str, str]) -> dict[str, Any]:
    made = {"targetPercent": _number(fields["target"])} | (dict(kept) if isinstance(kept, dict) else {})
    made.pop("target", None)
    made["targetPercent"] = _number(fields["target"])
    sliced = fields["method"] != "Occurrences"
    _set(made, "timeSliceWindow", fields["slice_window"] if sliced else "")
    made.pop("timeSliceTarget", None)
    if fields["method"] == "Timeslices":
        made["timeSliceTarget"] = _number(fields["slice_target"])
    return made
