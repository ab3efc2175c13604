"""The alert policies of OpenSLO's SLOs as burn policies, and what of them cannot be carried over."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from slo.maths.burn import Severity
from slo.maths.windows import format_duration
from slo.openslo.alerting import AlertConditionSpec, AlertPolicySpec, ConditionUse, PolicyUse, TargetUse
from slo.openslo.kinds import BurnPolicySpec
from slo.openslo.load import BROWNOUT, Document, Loaded
from slo.openslo.nodes import join
from slo.openslo.promise import SLOSpec
from slo.openslo.sentences import near

POLICY = "brownout/burn-policy"
# OpenSLO leaves the words of severity to its users.
PAGE = {
    "page",
    "pager",
    "critical",
    "crit",
    "emergency",
    "fatal",
    "urgent",
    "high",
    "error",
    "p0",
    "p1",
    "sev0",
    "sev1",
}
TICKET = re.compile(r"ticket|warn(ing)?|medium|low|minor|info|notice|(p|sev)-?[2-9]")
# A shorter window knows a tick or two.
SHORTEST = 60


@dataclass(frozen=True, slots=True)
class Found:
    """A spec, by its name, where it is written: a document and the path of the spec within it."""

    name: str
    spec: Any
    document: Document[Any]
    path: str = "spec"

    def at(self, field: str) -> str:
        return join(self.path, field)


def carry(loaded: Loaded, channels: frozenset[str]) -> None:
    """Give every SLO with alert policies the BurnPolicy they amount to. `channels` are the names of those there are."""
    carrier = _Carrier(loaded, channels)
    loaded.documents = [carrier.slo(d) if isinstance(d.spec, SLOSpec) else d for d in loaded.documents]
    loaded.documents += carrier.made.values()
    carrier.unused()


class _Carrier:
    def __init__(self, loaded: Loaded, channels: frozenset[str]) -> None:
        self._loaded, self._channels = loaded, channels
        kinds = ("AlertPolicy", "AlertCondition", "AlertNotificationTarget")
        self._known = {(d.kind, d.name): d for d in loaded.documents if d.kind in kinds}
        self._used: set[tuple[str, str]] = set()
        self._told: set[tuple[int, str]] = set()
        self.made: dict[str, Document[BurnPolicySpec]] = {}

    def slo(self, document: Document[Any]) -> Document[Any]:
        """The SLO with its burn policy by annotation."""
        uses = document.spec.alert_policies
        policies = [
            found
            for position, use in enumerate(uses)
            if (found := self._find(use, use.kind, document, f"spec.alertPolicies.{position}"))
        ]
        if not policies:
            return document
        name = policies[0].name if len(uses) == 1 and policies[0].name else f"{document.name}-alerts"
        windows, timing = self._windows(policies)
        if POLICY in document.annotations:
            self._warn(document, "the annotation brownout/burn-policy is followed instead", "spec.alertPolicies")
            return document
        if not windows:
            self._warn(
                document, "nothing of these can be carried over; the default windows apply", "spec.alertPolicies"
            )
            return document
        description = " ".join(policy.spec.description for policy in policies if policy.spec.description)
        spec = BurnPolicySpec.model_validate({"description": description, "windows": windows, "timing": timing})
        home = policies[0].document
        self.made[name] = Document(BROWNOUT, "BurnPolicy", name, "", {}, {}, spec, home.file, home.line)
        return replace(document, annotations={**document.annotations, POLICY: name})

    def unused(self) -> None:
        """Tell of what no SLO uses."""
        for (kind, name), document in self._known.items():
            if (kind, name) not in self._used:
                self._warn(document, f"no SLO uses this {kind}: it is not carried over", "")

    def _windows(self, policies: list[Found]) -> tuple[list[dict[str, Any]], dict[str, dict[str, str]]]:
        windows: list[dict[str, Any]] = []
        waits: dict[Severity, set[int]] = {}
        for policy in policies:
            self._check(policy)
            for condition in self._conditions(policy):
                window = self._window(condition)
                if window is None:
                    continue
                if window not in windows:
                    windows.append(window)
                wait = condition.spec.condition.alert_after
                known = waits.setdefault(window["severity"], {wait})
                if wait not in known:
                    self._warn_at(
                        condition, f"the longest alertAfter of {window['severity']} holds for all", "condition"
                    )
                known.add(wait)
        return windows, {s: {"pending": format_duration(max(w))} for s, w in waits.items() if max(w)}

    def _check(self, policy: Found) -> None:
        spec: AlertPolicySpec = policy.spec
        if not spec.alert_when_breaching:
            self._warn_at(policy, "a breach is told all the same", "alertWhenBreaching")
        if spec.alert_when_no_data:
            self._warn_at(policy, "no data is a state of its own here, and no alert", "alertWhenNoData")
        if not spec.alert_when_resolved:
            self._warn_at(policy, "a resolution is told all the same", "alertWhenResolved")
        for position, use in enumerate(spec.notification_targets):
            path = policy.at(f"notificationTargets.{position}")
            target = self._find(use, use.kind, policy.document, path)
            if target and not {target.name, target.spec.target} & self._channels:
                self._warn_at(
                    target, f"there is no Channel named {target.name or target.spec.target!r}; declare one", "target"
                )

    def _conditions(self, policy: Found) -> Iterator[Found]:
        for position, use in enumerate(policy.spec.conditions):
            found = self._find(use, use.kind, policy.document, policy.at(f"conditions.{position}"))
            if found:
                yield found

    def _window(self, condition: Found) -> dict[str, Any] | None:
        spec: AlertConditionSpec = condition.spec
        stated = spec.condition
        if stated.op in {"lt", "lte"}:
            self._warn_at(condition, "a burn rate that is too low is not alerted on", "condition.op")
            return None
        long, short = stated.lookback_window, max(SHORTEST, stated.lookback_window // 12)
        if short >= long:
            self._warn_at(condition, "a window must be longer than a minute", "condition.lookbackWindow")
            return None
        return {
            "severity": self._severity(condition, spec.severity),
            "long": format_duration(long),
            "short": format_duration(short),
            "factor": stated.threshold,
        }

    def _severity(self, condition: Found, word: str) -> Severity:
        if word.lower() in PAGE:
            return "page"
        if not TICKET.fullmatch(word.lower()):
            self._warn_at(condition, f"{word!r} is taken for a ticket; say page or ticket", "severity")
        return "ticket"

    def _find(
        self, use: PolicyUse | ConditionUse | TargetUse, kind: str, document: Document[Any], path: str
    ) -> Found | None:
        if use.ref is None:
            return Found(use.metadata.name if use.metadata else "", use.spec, document, f"{path}.spec")
        found = self._known.get((kind, use.ref))
        if found is not None:
            self._used.add((kind, use.ref))
            return Found(found.name, found.spec, found)
        if self._loaded.whole and (kind, use.ref) not in self._loaded.broken:
            names = [name for known, name in self._known if known == kind]
            self._loaded.errors.append(
                document.error(
                    f"there is no {kind} named {use.ref!r} among these documents{near(use.ref, names)}", path
                )
            )
        return None

    def _warn_at(self, found: Found, message: str, field: str) -> None:
        self._warn(found.document, message, found.at(field))

    def _warn(self, document: Document[Any], message: str, field: str) -> None:
        """Once, however many SLOs share it."""
        if (id(document), message + field) not in self._told:
            self._told.add((id(document), message + field))
            self._loaded.warnings.append(document.error(message, field))
