"""The kind of document that says whom to tell."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, RootModel, ValidationError

from alerts.channels import registry
from alerts.channels.alertmanager import AlertmanagerSpec
from alerts.channels.apprise import AppriseSpec
from alerts.channels.email import EmailSpec
from alerts.channels.pagerduty import PagerDutySpec
from alerts.channels.slack import SlackSpec
from alerts.channels.webhook import WebhookSpec
from alerts.errors import ChannelError, MatcherError
from alerts.models import Channel
from alerts.models.delivery import by_service
from alerts.rules.matchers import parse
from slo.maths.burn import SEVERITIES, Severity
from slo.maths.windows import format_duration
from slo.openslo.schema import Duration, Spec
from slo.services.catalog import Document, Handler, Resolver
from slo.services.catalog.checks import FILE_LENGTH, note_file


def _conditions(text: str) -> str:
    try:
        parse(text)
    except MatcherError as error:
        raise ValueError(error.message) from None
    return text


def _between(least: int, most: int) -> AfterValidator:
    def check(seconds: int) -> int:
        if not least <= seconds <= most:
            raise ValueError(f"must be from {format_duration(least)} to {format_duration(most)}")
        return seconds

    return AfterValidator(check)


Conditions = Annotated[str, AfterValidator(_conditions)]
Label = Annotated[str, Field(pattern=r"^[a-zA-Z_][a-zA-Z0-9_]{0,99}$")]
After = Annotated[Duration, _between(1, 7 * 86_400)]
Reminder = Annotated[Duration, _between(60, 7 * 86_400)]
# A page that waits longer for company comes too late.
Wait = Annotated[Duration, _between(1, 3_600)]


class _AnyChannelSpec(Spec):
    """What every channel says: which alerts it hears of (all by default), how soon, how often, and what together.

    Spans are written like `10m`; without `after` it hears at once, without `remind` once.
    """

    description: str = ""
    severities: Annotated[list[Severity], Field(min_length=1)] = list(SEVERITIES)
    match: Annotated[list[Conditions], Field(max_length=20)] = []
    after: After | None = None
    remind: Reminder | None = None
    group_by: Annotated[list[Label], Field(max_length=10)] = by_service()
    group_wait: Wait | None = None
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
            "match": spec.match,
            "after": spec.after or 0,
            "remind": spec.remind or 0,
            "group_by": list(dict.fromkeys(spec.group_by)),
            "group_wait": spec.group_wait or 0,
            "enabled": spec.enabled,
            "spec": spec.connection_details.model_dump(exclude_defaults=True),
        }

    def initial(self, document: Document[ChannelSpec], resolver: Resolver) -> dict[str, Any]:
        return {"file": document.file[-FILE_LENGTH:]}

    def saved(self, instance: Channel, document: Document[ChannelSpec], resolver: Resolver) -> None:
        note_file(instance, document)

    def kept(self, instance: Channel) -> bool:
        return bool(instance.made_by) and not instance.file

    def export(self, instance: Channel) -> dict[str, Any]:
        return {
            "type": instance.kind,
            **({"description": instance.description} if instance.description else {}),
            "severities": instance.severities,
            **({"match": instance.match} if instance.match else {}),
            **_spans(after=instance.after, remind=instance.remind),
            **({} if instance.group_by == by_service() else {"groupBy": instance.group_by}),
            **_spans(groupWait=instance.group_wait),
            **({} if instance.enabled else {"enabled": False}),
            "connectionDetails": _written(instance),
        }


def _spans(**seconds: int) -> dict[str, str]:
    return {name: format_duration(span) for name, span in seconds.items() if span}


def _written(channel: Channel) -> dict[str, Any]:
    """Its connection as documents write it. One that no longer fits is left out: it may hold what is a secret now."""
    try:
        return registry.check(channel.kind, channel.spec).model_dump(by_alias=True, exclude_unset=True)
    except (ChannelError, ValidationError):
        return {}
