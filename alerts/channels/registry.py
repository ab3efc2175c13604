"""Which adapter speaks to which kind of channel."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from pydantic import ValidationError

from alerts.channels.alertmanager import Alertmanager
from alerts.channels.apprise import Apprise
from alerts.channels.base import Adapter
from alerts.channels.email import Email
from alerts.channels.pagerduty import PagerDuty
from alerts.channels.slack import Slack
from alerts.channels.webhook import Webhook
from alerts.errors import ChannelError
from slo.openslo.schema import Spec

_ADAPTERS: dict[str, type[Adapter]] = {
    "alertmanager": Alertmanager,
    "apprise": Apprise,
    "email": Email,
    "pagerduty": PagerDuty,
    "slack": Slack,
    "webhook": Webhook,
}


def kinds() -> list[str]:
    """The kinds of channels there are."""
    return sorted(_ADAPTERS)


def adapter_class(kind: str) -> type[Adapter]:
    """The adapter of a kind. Raises ChannelError."""
    if kind not in _ADAPTERS:
        raise ChannelError(f"There is no channel of type {kind!r}; there are {', '.join(kinds())}")
    return _ADAPTERS[kind]


def check(kind: str, spec: Mapping[str, Any]) -> Spec:
    """The spec of a channel, validated. Raises ChannelError for the kind, pydantic's ValidationError for the spec."""
    return adapter_class(kind).spec.model_validate(dict(spec))


def adapter(kind: str, spec: Mapping[str, Any]) -> Adapter:
    """An adapter ready to send. Raises ChannelError."""
    try:
        return adapter_class(kind).build(check(kind, spec))
    except ValidationError as error:
        fields = ", ".join(sorted({str(e["loc"][0]) if e["loc"] else "its fields" for e in error.errors()}))
        raise ChannelError(f"The channel's definition is wrong at {fields}; correct it and apply it again") from None


@contextmanager
def extended(kind: str, with_adapter: type[Adapter]) -> Iterator[None]:
    """One more kind of channel exists inside this block."""
    _ADAPTERS[kind] = with_adapter
    try:
        yield
    finally:
        del _ADAPTERS[kind]
