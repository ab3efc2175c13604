"""SLIs that are a number at each instant, not events: a ratio computed elsewhere, and a threshold."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, model_validator

from slo.openslo.schema import Name, Spec


class Referenced(Spec):
    """Asked of a DataSource by its name."""

    metric_source_ref: Name
    type: str = ""

    @model_validator(mode="before")
    @classmethod
    def _by_reference(cls, value: Any) -> Any:
        if isinstance(value, dict) and "metricSourceRef" not in value:
            raise ValueError(
                "a connection written in place is not supported; declare a DataSource and name it by metricSourceRef"
            )
        return value


def _query(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be empty")
    return text.strip()


class Value(Spec):
    """A query that gives one number at an instant."""

    query: Annotated[str, AfterValidator(_query)]


class ValueSource(Referenced):
    spec: Value


class Asked(Spec):
    metric_source: ValueSource

    @property
    def query(self) -> str:
        return self.metric_source.spec.query


class RawMetric(Spec):
    """A query that gives the share of good (or bad) events itself, from 0 to 1; weighted by time."""

    counter: bool = False
    raw: Asked
    raw_type: Literal["success", "failure"]

    def stored(self) -> dict[str, Any]:
        """The SLI as it is stored."""
        return {"raw": self.raw.query, "raw_type": self.raw_type}


class ThresholdMetric(Asked):
    """A query whose number is good as long as the objective's `op` holds between it and the objective's `value`."""

    def stored(self, op: str, value: float) -> dict[str, Any]:
        """The SLI as it is stored, good while `query op value`."""
        return {"query": self.query, "op": op, "value": value}


def written(sli: dict[str, Any], source: str) -> dict[str, Any]:
    """The indicator's spec of a stored SLI of these kinds, in the spelling of documents."""
    asked = {"metricSource": {"metricSourceRef": source, "spec": {"query": sli.get("raw") or sli["query"]}}}
    if "raw" in sli:
        return {"ratioMetric": {"rawType": sli["raw_type"], "raw": asked}}
    return {"thresholdMetric": asked}
