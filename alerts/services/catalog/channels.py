"""The kind of document that says whom to tell."""

from typing import Annotated, Any, Literal

from pydantic import Field, RootModel, ValidationError

from alerts.channels import registry
from alerts.channels.alertmanager import AlertmanagerSpec
from alerts.channels.apprise import AppriseSpec
from alerts.channels.email import EmailSpec
from alerts.channels.pagerduty import PagerDutySpec
from alerts.channels.slack import SlackSpec
from alerts.channels.webhook import WebhookSpec
from alerts.errors import ChannelError
from alerts.models import Channel
from slo.maths.burn import SEVERITIES, Severity
from slo.openslo.schema import Spec
from slo.services.catalog import Document, Handler, Resolver


class _AnyChannelSpec(Spec):
    """What every channel says: which severities it wants to hear (all by default)."""

    description: str = ""
    severities: Annotated[list[Severity], Field(min_length=1)] = list(SEVERITIES)
    enabled: bool = True


class _WebhookChannelSpec(_AnyChannelSpec):
    type: Literal["webhook"]
    connection_details: WebhookSpec


class _AlertmanagerChannelSpec(_AnyChannelSpec):
    type: Literal["alertmanager"]
    connection_details: AlertmanagerSpec


class _EmailChannelSpec(_AnyChannelSpec):
    type: Literal["email"]
    connection_details: EmailSpec


class _PagerDutyChannelSpec(_AnyChannelSpec):
    type: Literal["pagerduty"]
    connection_details: PagerDutySpec


class _SlackChannelSpec(_AnyChannelSpec):
    type: Literal["slack"]
    connection_details: SlackSpec


class _AppriseChannelSpec(_AnyChannelSpec):
    type: Literal["apprise"]
    connection_details: AppriseSpec


_Any = (
    _WebhookChannelSpec
    | _AlertmanagerChannelSpec
    | _EmailChannelSpec
    | _PagerDutyChannelSpec
    | _SlackChannelSpec
    | _AppriseChannelSpec
)


class ChannelSpec(RootModel[Annotated[_Any, Field(discriminator="type")]]):
    """A place to tell people: its `type` decides what `connectionDetails` holds."""


class Channels(Handler[ChannelSpec, Channel]):
    kind = "Channel"
    order = 20
    spec = ChannelSpec
    model = Channel

    def fields(self, document: Document[ChannelSpec], resolver: Resolver) -> dict[str, Any]:
        spec = document.spec.root
        return {
            "kind": spec.type,
            "description": spec.description,
            "severities": [severity for severity in SEVERITIES if severity in spec.severities],
            "enabled": spec.enabled,
            "spec": spec.connection_details.model_dump(exclude_defaults=True),
        }

    def export(self, instance: Channel) -> dict[str, Any]:
        return {
            "type": instance.kind,
            **({"description": instance.description} if instance.description else {}),
            "severities": instance.severities,
            **({} if instance.enabled else {"enabled": False}),
            "connectionDetails": _written(instance),
        }


def _written(channel: Channel) -> dict[str, Any]:
    """Its connection as documents write it. One that no longer fits is left out: it may hold what is a secret now."""
    try:
        return registry.check(channel.kind, channel.spec).model_dump(by_alias=True, exclude_unset=True)
    except (ChannelError, ValidationError):
        return {}
