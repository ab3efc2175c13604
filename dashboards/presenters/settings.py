"""What the page of settings shows; people and tokens to administrators only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User

from slo.models import ApiToken, Edit, Service, Source, SourceState
from slo.services.access import RANKS, Role, may, role_of

# What is written as a document on the settings' pages: the word in the address, and the kind.
KINDS = {"sources": "DataSource", "services": "Service", "channels": "Channel"}
TEMPLATES = {
    "sources": """\
apiVersion: openslo/v1
kind: DataSource
metadata:
  name: prometheus
  displayName: Prometheus
spec:
  type: prometheus
  connectionDetails:
    url: http://prometheus.example:9090
    scrapeInterval: 15s
""",
    "services": """\
apiVersion: openslo/v1
kind: Service
metadata:
  name: checkout
  displayName: Checkout
spec:
  description: Takes the money
""",
    "channels": """\
apiVersion: brownout/v1
kind: Channel
metadata:
  name: on-call
spec:
  # or alertmanager, pagerduty, email, webhook, apprise
  type: slack
  description: Those on call for the shop
  severities: [page, ticket]
  connectionDetails:
    url: {fromEnv: SLACK_WEBHOOK_URL}
""",
}


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A source, how many objectives it measures, and how it answered last."""

    source: Source
    objectives: int
    state: SourceState | None


@dataclass(frozen=True, slots=True)
class PersonRow:
    """Somebody, their role, and whether it can be changed by who looks."""

    user: User
    role: Role | None
    fixed: bool


@dataclass(frozen=True, slots=True)
class SettingsPage:
    sources: Sequence[SourceRow]
    services: Sequence[Service]
    admin: bool
    tokens: Sequence[ApiToken] = ()
    people: Sequence[PersonRow] = ()
    edits: Sequence[Edit] = ()
    roles: Sequence[str] = tuple(RANKS)
    token_roles: Sequence[str] = tuple(ApiToken.Role.values)


def settings_page(user: User, at: datetime) -> SettingsPage:
    """The settings as this person may see them."""
    states = {state.source_id: state for state in SourceState.objects.all()}
    found = Source.objects.prefetch_related("objectives")
    sources = [SourceRow(source, len(source.objectives.all()), states.get(source.pk)) for source in found]
    services = list(Service.objects.all())
    if not may(user, "admin"):
        return SettingsPage(sources, services, admin=False)
    known = User.objects.prefetch_related("groups").order_by("-is_active", "username")
    return SettingsPage(
        sources,
        services,
        admin=True,
        tokens=list(ApiToken.objects.all()),
        people=[PersonRow(one, role_of(one), one.is_superuser or one.pk == user.pk) for one in known],
        edits=list(Edit.objects.exclude(kind="SLO")[:20]),
    )
