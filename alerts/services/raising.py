"""Alerts about other things than a burn: somebody says what is the matter, and the state machine does the rest."""

from datetime import datetime

from django.db import transaction

from alerts.models import Alert
from alerts.rules.policy import Timing
from alerts.selectors import alerts
from alerts.services.cases import consider, standing
from alerts.services.settle import lock, settle
from slo.models import Objective, Service


def hold(
    kind: str,
    subject: str,
    *,
    severity: str,
    title: str,
    cause: str,
    condition: bool | None,
    at: datetime,
    service: Service | None = None,
    objective: Objective | None = None,
    runbook: str = "",
    timing: Timing | None = None,
) -> Alert | None:
    """Bring the alert of this kind, subject and severity to where it belongs. Returns the one that is open, if any.

    `condition` says whether something is the matter (None: not known, all stays as it is), `cause` what it is, or why
    it no longer is. Safe to repeat, and to call with every tick: only changes are recorded, and announced.
    """
    key, subject = (kind, subject[:200], severity), subject[:200]
    about = {"title": title[:200], "runbook": runbook, "service": service, "objective": objective}
    if objective and not service:
        about["service"] = objective.service
    with transaction.atomic():
        lock()
        found = alerts().filter(kind=kind, subject=subject, severity=severity, state__in=Alert.OPEN)
        alert = standing(found).get(key)
        if alert and alert.opened_at > at:
            return alert
        settle([[consider(key, about, alert, condition, at, timing or Timing(), cause)]], at)
        return found.all().first()
