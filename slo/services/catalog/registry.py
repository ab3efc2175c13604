"""The kinds of documents that are known, whichever package brought them."""

from typing import Any

from slo.openslo.alerting import AlertConditionSpec, AlertPolicySpec, NotificationTargetSpec
from slo.openslo.load import OPENSLO, Specs
from slo.openslo.promise import SLISpec
from slo.services.catalog.handlers import Handler

_handlers: dict[str, Handler[Any, Any]] = {}


def register(handler: Handler[Any, Any]) -> None:
    """Make a kind known; called from AppConfig.ready(). A second call for the kind replaces the first."""
    _handlers[handler.kind] = handler


def handlers() -> list[Handler[Any, Any]]:
    """Every known kind, in the order in which they are applied."""
    return sorted(_handlers.values(), key=lambda handler: (handler.order, handler.kind))


def specs() -> Specs:
    """The spec of every kind there may be in a document; what lives inside SLOs has no handler."""
    return {(handler.api, handler.kind): handler.spec for handler in handlers()} | {
        (OPENSLO, "SLI"): SLISpec,
        (OPENSLO, "AlertPolicy"): AlertPolicySpec,
        (OPENSLO, "AlertCondition"): AlertConditionSpec,
        (OPENSLO, "AlertNotificationTarget"): NotificationTargetSpec,
    }
