"""Counts that programs send: taken in once, whoever repeats them, and placed at their instant, however late.

A request only writes rows. The collector places them with its next reading: it counts the ledger up again from before
the earliest row that is not placed yet, and moves the watermark by compare-and-set as ever. So running sums after a
late post move too, two workers cannot count it twice, and a crash in between only places it again.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F

from slo.errors import DefinitionError, RepeatedKeyError
from slo.maths.windows import floor_to, format_duration, from_epoch, to_epoch
from slo.models import EventPost, Objective, Source, Watermark
from slo.services.record import begin
from slo.sources.base import Post
from slo.sources.events import heartbeat

# How late a post may be: as long as the ledger keeps every tick. In seconds, as all that follow.
LATEST = 6 * 3_600
# What clocks may differ.
SKEW = 5
# How long a key is known. A post is also kept as long as a later one may lead to counting it again.
KEPT, NEEDED = 7 * 86_400, 86_400


@dataclass(frozen=True, slots=True)
class Counts:
    """Good events and all events of an objective, as of `at` or, without, of the moment they arrive."""

    objective: str
    key: str
    good: float
    total: float
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """How many posts were new, and how many had been accepted before."""

    accepted: int
    repeated: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """From which instant on (epoch seconds) an objective is to be counted, and the posts after it."""

    base: int
    posts: tuple[Post, ...]


def receive(counts: Sequence[Counts], at: datetime) -> Receipt:
    """Take in the counts that arrive at `at`, all of them or none.

    Raises DefinitionError naming the entry that cannot be placed, RepeatedKeyError when a key came before with
    other counts.
    """
    objectives = _objectives(counts)
    for place, item in enumerate(counts):
        if item.at is not None and item.at > at + timedelta(seconds=SKEW):
            raise _fault(place, "at", f"{item.at.isoformat()} lies in the future")
    with transaction.atomic():
        starts = _lock(objectives.values(), at)
        known = _known(objectives.values(), counts)
        fresh: dict[tuple[int, str], EventPost] = {}
        for place, item in enumerate(counts):
            post = _post(objectives[item.objective], item, at)
            identity = (post.objective_id, post.key)
            before = known.get(identity) or fresh.get(identity)
            if before is None:
                _check_instant(place, post, starts[post.objective_id], to_epoch(at))
                fresh[identity] = post
            elif _content(before) != _content(post):
                raise RepeatedKeyError(
                    f"{place}.id: the key {item.key!r} came before for {item.objective} with other counts or another "
                    "instant; nothing of this request was accepted"
                )
        EventPost.objects.bulk_create(fresh.values())
    return Receipt(len(fresh), len(counts) - len(fresh))


def waiting(items: Iterable[Objective], marks: Mapping[int, Watermark]) -> dict[int, Waiting]:
    """What the collector needs to know of posts for these objectives, by primary key."""
    wanted = [item.pk for item in items]
    bases = {pk: marks[pk].at for pk in wanted}
    placed = []
    unplaced = EventPost.objects.filter(objective__in=wanted, placed=False)
    for number, pk, at, vouched in unplaced.values_list("pk", "objective_id", "at", "vouched"):
        mark = marks[pk]
        # Posts of an objective arrive one after the other, so what was seen with the cursor is all up to it.
        if number <= mark.cursor.get("seen", 0) and at <= mark.at:
            placed.append(number)
        else:
            # Whole minutes have a row whatever the tick is, or was.
            bases[pk] = min(bases[pk], max(mark.started, floor_to(at - vouched, 60)))
    for low in range(0, len(placed), 1000):
        EventPost.objects.filter(pk__in=placed[low : low + 1000]).update(placed=True)
    posts: dict[int, list[Post]] = defaultdict(list)
    rows = EventPost.objects.filter(objective__in=wanted, at__gt=min(bases.values(), default=0))
    for pk, number, at, vouched, good, total in rows.values_list(
        "objective_id", "pk", "at", "vouched", "good", "total"
    ):
        if at > bases[pk]:
            posts[pk].append(Post(number, at, vouched, good, total))
    return {pk: Waiting(base, tuple(posts[pk])) for pk, base in bases.items()}


def forget(at: datetime) -> int:
    """Delete the posts whose keys need not be known any more at `at`. Returns how many."""
    old = EventPost.objects.filter(
        placed=True, received_at__lt=at - timedelta(seconds=KEPT), at__lt=F("objective__watermark__at") - NEEDED
    )
    return old.delete()[0]


def _objectives(counts: Sequence[Counts]) -> dict[str, Objective]:
    found = Objective.objects.select_related("source").in_bulk({item.objective for item in counts}, field_name="name")
    for place, item in enumerate(counts):
        objective = found.get(item.objective)
        if objective is None:
            raise _fault(place, "objective", f"there is no objective named {item.objective!r}")
        if objective.source.kind != Source.Kind.EVENTS:
            raise _fault(
                place,
                "objective",
                f"{item.objective} is measured by the source {objective.source.name} ({objective.source.kind}); "
                "only objectives of a source of the type events take posts",
            )
    return found


def _lock(objectives: Iterable[Objective], at: datetime) -> dict[int, int]:
    """Let nobody else post for these objectives, nor count them. Returns the instants their ledgers begin at."""
    pks = {objective.pk for objective in objectives}
    new = pks - set(Watermark.objects.filter(pk__in=pks).values_list("pk", flat=True))
    begin(new, floor_to(to_epoch(at), settings.TICK_SECONDS))
    marks = Watermark.objects.select_for_update().filter(pk__in=pks).order_by("pk")
    return {mark.pk: mark.started for mark in marks}


def _known(objectives: Iterable[Objective], counts: Sequence[Counts]) -> dict[tuple[int, str], EventPost]:
    rows = EventPost.objects.filter(objective__in=list(objectives), key__in={item.key for item in counts})
    return {(row.objective_id, row.key): row for row in rows}


def _post(objective: Objective, item: Counts, at: datetime) -> EventPost:
    return EventPost(
        objective=objective,
        key=item.key,
        at=math.ceil((item.at or at).timestamp()),
        stated=item.at is not None,
        vouched=heartbeat(objective.sli.get("events", {})),
        good=item.good,
        total=item.total,
        received_at=at,
    )


def _content(post: EventPost) -> tuple[float, float, int | None]:
    return post.good, post.total, post.at if post.stated else None


def _check_instant(place: int, post: EventPost, start: int, now: int) -> None:
    if post.at < now - LATEST:
        raise _fault(
            place,
            "at",
            f"{from_epoch(post.at):%Y-%m-%dT%H:%M:%SZ} is more than {format_duration(LATEST)} ago, too late",
        )
    if post.at <= start:
        raise _fault(
            place,
            "at",
            f"lies before {from_epoch(start):%Y-%m-%dT%H:%M:%SZ}, when counting began for this objective",
        )


def _fault(place: int, field: str, message: str) -> DefinitionError:
    return DefinitionError(f"{message}; nothing of this request was accepted", field=f"{place}.{field}")
