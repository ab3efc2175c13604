"""Incidents: opened, updated and resolved by people, in words for the users of the watched system."""

from collections.abc import Collection
from datetime import datetime
from unicodedata import category

from django.contrib.auth.models import User
from django.db import transaction

from alerts.models import Alert
from degradation import selectors
from degradation.errors import ConflictError, IncidentError
from degradation.models import Capability, Incident, IncidentUpdate
from degradation.services.subscribers import owe

LONGEST_TITLE, LONGEST_TEXT = 200, 5_000


@transaction.atomic
def open_incident(
    title: str,
    text: str,
    *,
    impact: str,
    at: datetime,
    by: str,
    state: str = Incident.State.INVESTIGATING,
    capabilities: Collection[str] = (),
    user: User | None = None,
    alert: Alert | None = None,
) -> Incident:
    """Tell the public of a failure; subscribers hear of it. `capabilities` are the names of those it concerns.

    Raises IncidentError.
    """
    concerned = _capabilities(capabilities)
    made = Incident.objects.create(
        title=_title(title),
        impact=_one_of(impact, Incident.Impact.values, "impact"),
        state=_one_of(state, Incident.State.values, "state"),
        alert=alert,
        opened_at=at,
        updated_at=at,
        resolved_at=at if state == Incident.State.RESOLVED else None,
    )
    made.capabilities.set(concerned)
    _say(made, text, at=at, by=by, user=user)
    return made


@transaction.atomic
def update_incident(
    pk: int, text: str, *, state: str, at: datetime, by: str, impact: str | None = None, user: User | None = None
) -> Incident:
    """Say what is known by now; subscribers hear of it. What is resolved stays so: a new failure is a new incident.

    Raises NotFoundError, IncidentError, and ConflictError where it has been resolved.
    """
    state = _one_of(state, Incident.State.values, "state")
    fields: dict[str, object] = {"state": state, "updated_at": at}
    if impact is not None:
        fields["impact"] = _one_of(impact, Incident.Impact.values, "impact")
    if state == Incident.State.RESOLVED:
        fields["resolved_at"] = at
    selectors.incident(pk)
    if not Incident.objects.filter(pk=pk, resolved_at=None).update(**fields):
        raise ConflictError("This incident is resolved already; if it fails again, open a new one")
    changed = selectors.incident(pk)
    _say(changed, text, at=at, by=by, user=user)
    return selectors.incident(pk)


def _say(item: Incident, text: str, *, at: datetime, by: str, user: User | None) -> None:
    words = _text(text)
    said = IncidentUpdate.objects.create(
        incident=item, at=at, state=item.state, impact=item.impact, text=words, by=by, user=user
    )
    owe(said, at)


def _title(title: str) -> str:
    # It becomes the subject of mails: one line, without anything that is not seen.
    words = " ".join(title.split())
    if not words or len(words) > LONGEST_TITLE or _unseen(words):
        raise IncidentError(f"A title says in one line of at most {LONGEST_TITLE} characters what fails")
    return words


def _text(text: str) -> str:
    words = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    if not words or len(words) > LONGEST_TEXT:
        raise IncidentError(f"Say what is known, in at most {LONGEST_TEXT:,} characters")
    if _unseen(words.replace("\n", "").replace("\t", "")):
        raise IncidentError("The text has characters that cannot be shown; take them out")
    return words


def _unseen(text: str) -> bool:
    """Has it control characters, or halves of characters?"""
    return any(category(character) in {"Cc", "Cs"} for character in text)


def _one_of(word: str, words: Collection[str], what: str) -> str:
    if word not in words:
        raise IncidentError(f"{word[:40]!r} is no {what}; choose one of {', '.join(words)}")
    return word


def _capabilities(names: Collection[str]) -> list[Capability]:
    found = list(Capability.objects.filter(name__in=names))
    missing = set(names) - {item.name for item in found}
    if missing:
        raise IncidentError(f"There is no capability {min(missing)[:100]!r}")
    return found
