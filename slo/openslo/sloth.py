"""Sloth's service levels, `prometheus/v1` and its Kubernetes resource, as our documents.

Sloth's windows and factors are those of the SRE Workbook for 30 days, as ours are.
"""

from collections.abc import Callable
from typing import Any

from pydantic.alias_generators import to_camel

from slo.maths.burn import SEVERITIES, SRE_TABLE, scale
from slo.openslo.foreign import Part, Setting, Translation, alerting, known_runbook, slug
from slo.openslo.placeholder import counter_of, has_window, over

VERSION, KUBERNETES, KIND = "prometheus/v1", "sloth.slok.dev/v1", "PrometheusServiceLevel"
PERIOD = 30 * 86_400
# A ratio computed elsewhere is looked at every tick; where it wants a window, the shortest of Sloth's.
RAW_WINDOW = "5m"
_RUNBOOKS = ("runbook", "runbook_url")

Spelling = Callable[[str], str]


def recognized(value: dict[str, Any]) -> bool:
    """Is this a document of Sloth's?"""
    if value.get("apiVersion") == KUBERNETES:
        return value.get("kind") == KIND
    return value.get("version") == VERSION and "apiVersion" not in value


def translate(translation: Translation, setting: Setting) -> None:
    """Make an SLO of each of a service's, the service itself, and what their alerts need."""
    root = translation.root()
    spec: Part = root
    spelling: Spelling = _as_it_is
    root.skip("version", "apiVersion", "kind", "status")
    if root.has("spec"):
        spec, spelling = root.part("spec"), to_camel
        root.part("metadata").skip("name")
    service = slug(spec, "service", spec.text("service", needed=True), translation)
    owner = spec.part("labels").text("owner")
    slos = list(spec.each("slos"))
    if not slos:
        translation.refuse("holds no SLO", spec.place("slos"))
    translation.add("Service", service, {}, {"": spec.place("service")}, implied=True)
    for slo in slos:
        _Slo(translation, setting, spelling, service, owner).add(slo)


def _as_it_is(name: str) -> str:
    return name


class _Slo:
    def __init__(
        self, translation: Translation, setting: Setting, spelling: Spelling, service: str, owner: str
    ) -> None:
        self._translation, self._setting, self._spelt = translation, setting, spelling
        self._service, self._owner = service, owner

    def add(self, slo: Part) -> None:
        name = slug(slo, "name", f"{self._service}-{slo.text('name', needed=True)}", self._translation)
        percent, owner = slo.number("objective"), slo.part("labels").text("owner") or self._owner
        ratio = self._ratio(slo)
        notes = {"brownout/owner": owner, **self._alerting(slo, name, percent)}
        if ratio is None or percent is None:
            return
        spec = {
            "description": slo.text("description"),
            "service": self._service,
            "indicator": {"metadata": {"name": name}, "spec": {"ratioMetric": ratio}},
            "timeWindow": [{"duration": "30d", "isRolling": True}],
            "budgetingMethod": "Occurrences",
            "objectives": [{"targetPercent": percent}],
        }
        written = {
            "": slo.path,
            "metadata.name": slo.place("name"),
            "metadata.annotations": slo.place("alerting"),
            "spec.description": slo.place("description"),
            "spec.indicator": slo.place("sli"),
            "spec.objectives": slo.place("objective"),
        }
        annotations = {note: text for note, text in notes.items() if text}
        self._translation.add("SLO", name, spec, written, annotations=annotations)

    def _ratio(self, slo: Part) -> dict[str, Any] | None:
        sli = slo.part("sli")
        if sli.has("events"):
            return self._events(sli.part("events"))
        if sli.has("raw"):
            return self._raw(sli.part("raw"))
        if sli.has("plugin"):
            sli.skip("plugin")
            self._translation.warn("this SLO is left out: plugins of Sloth do not run here", sli.place("plugin"))
        else:
            self._translation.refuse("needs events or raw", sli.path)
        return None

    def _events(self, events: Part) -> dict[str, Any]:
        bad, total = (events.text(self._spelt(side), needed=True).strip() for side in ("error_query", "total_query"))
        counters = counter_of(bad), counter_of(total)
        if counters[0] and counters[1]:
            return {"counter": True, "bad": self._asked(counters[0]), "total": self._asked(counters[1])}
        return {"counter": False, "bad": self._asked(bad), "total": self._asked(total)}

    def _raw(self, raw: Part) -> dict[str, Any]:
        name = self._spelt("error_ratio_query")
        query = raw.text(name, needed=True).strip()
        if has_window(query):
            query = over(query, RAW_WINDOW)
            self._translation.warn(f"a ratio is asked over {RAW_WINDOW} and weighted by time", raw.place(name))
        return {"rawType": "failure", "raw": self._asked(query)}

    def _asked(self, query: str) -> dict[str, Any]:
        return {"metricSource": {"metricSourceRef": self._setting.source, "spec": {"query": query}}}

    def _alerting(self, slo: Part, name: str, percent: float | None) -> dict[str, str]:
        stated = slo.part("alerting")
        each = {severity: stated.part(self._spelt(f"{severity}_alert")) for severity in SEVERITIES}
        told = [severity for severity in SEVERITIES if not each[severity].flag("disable")]
        if not told:
            self._translation.warn("alerts are judged all the same; a Channel says which it wants", stated.path)
        windows = [w for w in scale(SRE_TABLE, PERIOD) if w.severity in told or not told]
        shared = f"sloth-{told[0]}-only" if len(told) == 1 else ""
        target = (percent or 0) / 100
        found = {"brownout/burn-policy": alerting(self._translation, name, windows, target, shared, stated.path)}
        for part in (stated, *each.values()):
            if part.has("annotations"):
                found["brownout/runbook"] = self._runbook(part.part("annotations")) or found.get("brownout/runbook", "")
        return found

    def _runbook(self, annotations: Part) -> str:
        for name in _RUNBOOKS:
            if annotations.has(name):
                text = annotations.text(name)
                known = known_runbook(text, self._setting.runbooks)
                if known:
                    return known
                self._translation.warn(f"there is no Runbook for {text[:80]!r}", annotations.place(name))
        return ""
