"""What the page of settings shows; people and tokens to administrators only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.db.models import Count

from alerts.models import Channel
from dashboards.presenters.document_kinds import KINDS, DocumentKind
from slo.models import ApiToken, Edit, Service, Source, SourceState
from slo.services import edits
from slo.services.access import RANKS, Role, may, role_of


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A source, how many objectives it measures, and how it answered last."""

    source: Source
    objectives: int
    state: SourceState | None


@dataclass(frozen=True, slots=True)
class ServiceRow:
    """A service, and how many objectives belong to it."""

    service: Service
    objectives: int


@dataclass(frozen=True, slots=True)
class DocumentRows:
    """The documents of a kind that has no table of its own: pairs of name and what it is called."""

    slug: str
    kind: DocumentKind
    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class PersonRow:
    """Somebody, their role, and whether it can be changed by who looks."""

    user: User
    role: Role | None
    fixed: bool


@dataclass(frozen=True, slots=True)
class SettingsPage:
    sources: Sequence[SourceRow]
    services: Sequence[ServiceRow]
    channels: int
    admin: bool
    documents: Sequence[DocumentRows] = ()
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
    services = [ServiceRow(row, row.count) for row in Service.objects.annotate(count=Count("objectives"))]
    channels = Channel.objects.count()
    if not may(user, "admin"):
        return SettingsPage(sources, services, channels, admin=False)
    known = User.objects.prefetch_related("groups").order_by("-is_active", "username")
    return SettingsPage(
        sources,
        services,
        channels,
        admin=True,
        documents=[DocumentRows(slug, kind, _named(kind)) for slug, kind in KINDS.items() if not kind.apart],
        tokens=list(ApiToken.objects.all()),
        people=[PersonRow(one, role_of(one), one.is_superuser or one.pk == user.pk) for one in known],
        edits=list(Edit.objects.exclude(kind="SLO")[:20]),
    )


def _named(kind: DocumentKind) -> tuple[tuple[str, str], ...]:
    return tuple((name, str(row)) for name, row in edits.named(kind.kind))
