"""The specs of OpenSLO's AlertPolicy, AlertCondition and AlertNotificationTarget, written in place or named."""

import re
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import BeforeValidator, Field, model_validator

from slo.openslo.schema import Delay, Duration, Metadata, Name, Number, Spec


def _no_wait(value: Any) -> Any:
    return "0s" if isinstance(value, str) and re.fullmatch(r"0[smhdw]", value) else value


class Condition(Spec):
    """Breached while the burn rate over the window compares so with the threshold."""

    kind: Literal["burnrate"] = "burnrate"
    op: Literal["gt", "gte", "lt", "lte"] = "gt"
    threshold: Annotated[Number, Field(gt=0)]
    lookback_window: Duration
    alert_after: Annotated[Delay, BeforeValidator(_no_wait)] = 0


class AlertConditionSpec(Spec):
    description: str = ""
    severity: Annotated[str, Field(min_length=1, max_length=60)]
    condition: Condition


class NotificationTargetSpec(Spec):
    description: str = ""
    target: Annotated[str, Field(min_length=1, max_length=200)]


class _Use(Spec):
    """Something by its name, or written in place."""

    api_version: Literal["openslo/v1"] = "openslo/v1"
    metadata: Metadata | None = None


U = TypeVar("U", bound=_Use)


def _either(use: U, ref: str | None, spec: Spec | None, field: str) -> U:
    if (ref is None) == (spec is None):
        raise ValueError(f"needs either {field}, or a spec in place")
    return use


class ConditionUse(_Use):
    kind: Literal["AlertCondition"] = "AlertCondition"
    condition_ref: Name | None = None
    spec: AlertConditionSpec | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        return _either(self, self.condition_ref, self.spec, "conditionRef")

    @property
    def ref(self) -> str | None:
        return self.condition_ref


class TargetUse(_Use):
    kind: Literal["AlertNotificationTarget"] = "AlertNotificationTarget"
    target_ref: Name | None = None
    spec: NotificationTargetSpec | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        return _either(self, self.target_ref, self.spec, "targetRef")

    @property
    def ref(self) -> str | None:
        return self.target_ref


class AlertPolicySpec(Spec):
    """What is told, when and to whom; it is what an SLO's `alertPolicies` name."""

    description: str = ""
    alert_when_no_data: bool = False
    alert_when_resolved: bool = True
    alert_when_breaching: bool = True
    conditions: Annotated[list[ConditionUse], Field(min_length=1)]
    notification_targets: list[TargetUse] = []


class PolicyUse(_Use):
    kind: Literal["AlertPolicy"] = "AlertPolicy"
    alert_policy_ref: Name | None = None
    spec: AlertPolicySpec | None = None

    @model_validator(mode="before")
    @classmethod
    def _by_name(cls, value: Any) -> Any:
        return {"alertPolicyRef": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _one(self) -> Self:
        return _either(self, self.alert_policy_ref, self.spec, "alertPolicyRef")

    @property
    def ref(self) -> str | None:
        return self.alert_policy_ref
