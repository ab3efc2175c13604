"""What is done about a service in trouble, in words for its alerts: packages above say it, unknown to this one."""

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime

from alerts.models import Alert, Transition
from alerts.services.tell import announce

log = logging.getLogger(__name__)

Shed = Callable[[Collection[int]], Mapping[int, Sequence[str]]]
_sources: list[Shed] = []


def register(source: Shed) -> None:
    """Let messages say what is shed: `source` gives the names by the primary keys of services."""
    if source not in _sources:
        _sources.append(source)


def shed_for(alerts: Collection[Alert]) -> dict[int, tuple[str, ...]]:
    """What is shed at present, by the primary keys of the services of these alerts.

    A message matters more than what it says of this: what goes wrong is logged.
    """
    services = {alert.service_id for alert in alerts if alert.service_id is not None}
    found: dict[int, tuple[str, ...]] = {}
    for source in _sources if services else ():
        try:
            for service, names in source(services).items():
                found[service] = (*found.get(service, ()), *names)
        except Exception:
            log.exception("What is shed cannot be told with alerts")
    return found


def tell_effect(alert: int | None, effect: str, at: datetime) -> None:
    """Tell whoever was told of the alert what became of a remedy, while it fires and is not kept quiet.

    Call it in the transaction that notes the effect.
    """
    found = Alert.objects.filter(pk=alert, state=Alert.State.FIRING).first() if alert is not None else None
    if found is None or found.suppressed:
        return
    state, kind = found.state, Transition.Kind.EFFECT
    change = Transition.objects.create(alert=found, kind=kind, at=at, before=state, after=state, cause=effect)
    announce([change], at)
