"""The kinds of documents that say whom to tell and what to do: channels and runbooks."""

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import Field, RootModel

from alerts.channels.alertmanager import AlertmanagerSpec
from alerts.channels.email import EmailSpec
from alerts.channels.webhook import WebhookSpec
from alerts.models import Channel, Runbook
from alerts.services.runbooks import record
from slo.maths.burn import SEVERITIES, Severity
from slo.openslo.schema import Spec, Title
from slo.services.catalog import Document, Handler, Resolver, register
from slo.services.catalog.differences import Difference


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


class ChannelSpec(
    RootModel[
        Annotated[_WebhookChannelSpec | _AlertmanagerChannelSpec | _EmailChannelSpec, Field(discriminator="type")]
    ]
):
    """A place to tell people: its `type` decides what `connectionDetails` holds."""


class RunbookSpec(Spec):
    """A Markdown file's front matter (without name and title) and, as `body`, the rest of it.

    `origin` is the address where the runbook is written and discussed.
    """

    body: str
    severity: Annotated[str, Field(max_length=20)] = ""
    owner: Title = ""
    origin: Annotated[str, Field(max_length=500)] = ""


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
            "connectionDetails": instance.spec,
        }


class Runbooks(Handler[RunbookSpec, Runbook]):
    kind = "Runbook"
    order = 20
    spec = RunbookSpec
    model = Runbook

    def fields(self, document: Document[RunbookSpec], resolver: Resolver) -> dict[str, Any]:
        spec = document.spec
        return {
            "title": document.title or document.name,
            "severity": spec.severity,
            "owner": spec.owner,
            "origin": spec.origin,
        }

    def saved(
        self, instance: Runbook, document: Document[RunbookSpec], resolver: Resolver
    ) -> Iterable[Difference] | None:
        last = instance.versions.first()
        newest = record(instance, document.spec.body, resolver.at)
        return [Difference("version", last.number, newest.number)] if last and last.pk != newest.pk else None

    def export(self, instance: Runbook) -> dict[str, Any]:
        kept = {name: getattr(instance, name) for name in ("severity", "owner", "origin")}
        body = instance.latest.body if instance.latest else ""
        return {**{name: text for name, text in kept.items() if text}, "body": body}


def register_all() -> None:
    """Make the kinds of this package known to the catalog."""
    for handler in (Channels(), Runbooks()):
        register(handler)
