"""Pyrra's ServiceLevelObjective as our documents."""

from typing import Any

from slo.errors import DefinitionError
from slo.maths.burn import BurnWindow
from slo.maths.windows import parse_duration
from slo.openslo.foreign import Part, Setting, Translation, alerting, slug

API, KIND = "pyrra.dev/v1alpha1", "ServiceLevelObjective"
OWNER, SERVICE = "pyrra.dev/team", "pyrra.dev/service"
# Where nothing says whose an objective is.
NOBODY = "pyrra"
REFERENCE = 28 * 86_400
# Pyrra's windows for 28 days, in its order; for other periods they are as much longer or shorter.
WINDOWS = (
    BurnWindow("page", 3_600, 300, 14),
    BurnWindow("page", 21_600, 1_800, 7),
    BurnWindow("ticket", 86_400, 7_200, 2),
    BurnWindow("ticket", 345_600, 21_600, 1),
)


def recognized(value: dict[str, Any]) -> bool:
    """Is this a document of Pyrra's?"""
    return value.get("apiVersion") == API and value.get("kind") == KIND


def translate(translation: Translation, setting: Setting) -> None:
    """Make an SLO of it, the service it belongs to, and its alerts' windows."""
    root = translation.root()
    root.skip("apiVersion", "kind", "status")
    metadata, spec = root.part("metadata"), root.part("spec")
    name = slug(metadata, "name", metadata.text("name", needed=True), translation)
    labels = metadata.part("labels")
    owner, named, space = labels.text(OWNER), labels.text(SERVICE), metadata.text("namespace")
    service = slug(metadata, "namespace", named or space or NOBODY, translation)
    percent, window = _percent(spec, translation), spec.text("window", needed=True)
    indicator = spec.part("indicator")
    kind, ratio = _ratio(translation, indicator, setting)
    notes = {
        "brownout/by": _grouping(translation, indicator, ratio),
        "brownout/owner": owner,
        "brownout/indicator": kind,
        "brownout/burn-policy": _alerting(translation, spec, name, percent, window),
    }
    if ratio is None or percent is None:
        return
    translation.add("Service", service, {}, {"": metadata.place("namespace")}, implied=True)
    slo = {
        "description": spec.text("description"),
        "service": service,
        "indicator": {"metadata": {"name": name}, "spec": {"ratioMetric": ratio}},
        "timeWindow": [{"duration": window, "isRolling": True}],
        "budgetingMethod": "Occurrences",
        "objectives": [{"targetPercent": percent}],
    }
    written = {
        "": "",
        "metadata.name": metadata.place("name"),
        "spec.indicator": indicator.path,
        "spec.timeWindow": spec.place("window"),
        "spec.objectives": spec.place("target"),
    }
    annotations = {note: text for note, text in notes.items() if text}
    translation.add("SLO", name, slo, written, annotations=annotations)


def _percent(spec: Part, translation: Translation) -> float | None:
    text = spec.text("target", needed=True)
    try:
        return float(text) if text else None
    except ValueError:
        translation.refuse(f"must be a number as text, such as '99.5', not {text[:40]!r}", spec.place("target"))
        return None


def _ratio(translation: Translation, indicator: Part, setting: Setting) -> tuple[str, dict[str, Any] | None]:
    """What the indicator is about, and its ratio of events."""
    found: list[tuple[str, Part]] = [
        (kind, indicator.part(kind))
        for kind in ("ratio", "latency", "latencyNative", "bool_gauge")
        if indicator.has(kind)
    ]
    if len(found) != 1:
        translation.refuse("needs one of ratio, latency, latencyNative and bool_gauge", indicator.path)
        return "", None
    kind, part = found[0]

    def asked(query: str) -> dict[str, Any]:
        return {"metricSource": {"metricSourceRef": setting.source, "spec": {"query": query}}}

    def metric(name: str) -> dict[str, Any]:
        return asked(part.part(name).text("metric", needed=True).strip())

    if kind == "ratio":
        return "", {"counter": True, "bad": metric("errors"), "total": metric("total")}
    if kind == "latency":
        return "latency", {"counter": True, "good": metric("success"), "total": metric("total")}
    if kind == "bool_gauge":
        # Each series is an event at each tick: good where it is 1.
        gauge = part.text("metric", needed=True).strip()
        return "", {"counter": False, "good": asked(f"sum({gauge})"), "total": asked(f"count({gauge})")}
    part.skip("total", "latency")
    translation.warn("this SLO is left out: latencyNative is not carried over yet", part.path)
    return "latency", None


def _grouping(translation: Translation, indicator: Part, ratio: dict[str, Any] | None) -> str:
    """The labels of whose every set there is an objective, as our annotation has them."""
    part = next((indicator.part(kind) for kind in ("ratio", "latency", "bool_gauge") if indicator.has(kind)), indicator)
    labels = part.texts("grouping")
    if labels and ratio and not ratio["counter"]:
        translation.warn("one objective counts all groups together", part.place("grouping"))
        return ""
    return ",".join(labels)


def _alerting(translation: Translation, spec: Part, name: str, percent: float | None, window: str) -> str:
    stated = spec.part("alerting")
    if stated.flag("disabled") or not stated.flag("burnrates", default=True):
        translation.warn("alerts are judged all the same; a Channel says which it wants", stated.path)
    try:
        share = parse_duration(window) / REFERENCE
    except DefinitionError:
        return ""
    windows = [BurnWindow(w.severity, _whole(w.long * share), _whole(w.short * share), w.factor) for w in WINDOWS]
    return alerting(translation, name, windows, (percent or 0) / 100, f"pyrra-{window}", spec.place("target"))


def _whole(seconds: float) -> int:
    """Rounded to whole minutes, as Pyrra does."""
    return max(60, int(seconds / 60 + 0.5) * 60)
