"""Which alerts hold back which: what follows from something more important need not be told as well.

The rules are data, shaped like Alertmanager's `inhibit_rules`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from alerts.rules.matchers import Matcher, matches_all, parse


@dataclass(frozen=True, slots=True)
class Rule:
    """While an alert fires that `source` matches, those that `target` matches are held back, if the labels in `equal`
    are the same on both (and not empty). `reason` says why, for people.
    """

    source: tuple[Matcher, ...]
    target: tuple[Matcher, ...]
    equal: tuple[str, ...]
    reason: str

    def key(self, labels: Mapping[str, str]) -> tuple[str, ...] | None:
        """The values of the labels that must be equal; None where one of them is missing."""
        values = tuple(labels.get(name, "") for name in self.equal)
        return values if all(values) else None


RULES: tuple[Rule, ...] = (
    Rule(
        parse('kind="source"'),
        parse('kind=~"burn|no-data|completeness"'),
        ("source",),
        "its source gives no answer, so nothing is known of it",
    ),
    Rule(
        parse('kind="no-data"'),
        parse('kind="completeness"'),
        ("objective",),
        "there is no data at all",
    ),
    Rule(
        parse('kind="burn", severity="page"'),
        parse('severity="ticket", kind!~"source|delivery"'),
        ("service",),
        "its service has a page, which is seen to first",
    ),
)

_SEVERITIES = {"page": 0, "ticket": 1}


@dataclass(frozen=True, slots=True)
class Firing:
    """A firing alert, as far as this is concerned with it."""

    pk: int
    labels: Mapping[str, str]
    fired_at: datetime

    @property
    def rank(self) -> tuple[bool, int, bool, datetime, int]:
        """What is most important comes first: causes before what follows from them, pages before tickets."""
        kind, severity = self.labels.get("kind"), self.labels.get("severity", "")
        urgency = _SEVERITIES.get(severity, len(_SEVERITIES))
        return kind != "source", urgency, kind == "completeness", self.fired_at, self.pk


def held_back(firing: Iterable[Firing], rules: Sequence[Rule] = RULES) -> dict[int, tuple[int, str]]:
    """The alerts that are held back: by which other, and why.

    Only what is more important holds anything back, and only as long as it is not held back itself: behind everything
    that is not told there is something that is.
    """
    held: dict[int, tuple[int, str]] = {}
    # By rule, the first alert with these values of its `equal` labels that may hold others back.
    sources: list[dict[tuple[str, ...], int]] = [{} for _ in rules]
    for alert in sorted(firing, key=lambda one: one.rank):
        by = _holder(alert, rules, sources)
        if by is not None:
            held[alert.pk] = by
            continue
        for rule, found in zip(rules, sources, strict=True):
            if (key := rule.key(alert.labels)) is not None and matches_all(rule.source, alert.labels):
                found.setdefault(key, alert.pk)
    return held


def _holder(
    alert: Firing, rules: Sequence[Rule], sources: Sequence[Mapping[tuple[str, ...], int]]
) -> tuple[int, str] | None:
    for rule, found in zip(rules, sources, strict=True):
        key = rule.key(alert.labels)
        if key is not None and key in found and matches_all(rule.target, alert.labels):
            return found[key], rule.reason
    return None
