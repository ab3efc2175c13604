"""One definition, many objectives: finds the label sets of definitions `by` labels, and keeps an objective for each.

A child is an ordinary objective, measured like any other. What its definition says is copied to it, its selectors
narrowed to its labels; it belongs to no component, which one tenant's trouble does not make fail.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction

from slo.errors import BrownoutError
from slo.maths.splits import child_name, child_title, storable
from slo.maths.windows import floor_to, to_epoch
from slo.models import Objective, Watermark
from slo.openslo.selector import narrowed
from slo.services.catalog.checks import forget_cursors
from slo.services.record import begin
from slo.sources import registry
from slo.sources.base import Labelled

log = logging.getLogger(__name__)

# Seconds between two looks for label sets, and sources asked at the same time.
EVERY, AT_ONCE = 60, 16
# How far back (seconds) a new child of a source that replays is measured: its series were born since the last look.
BACK = 180

_COPIED = (
    "description",
    "owner",
    "service_id",
    "source_id",
    "burn_policy_id",
    "runbook",
    "target",
    "period",
    "indicator",
)

Found = dict[int, list[dict[str, str]]]
Key = tuple[str, ...]


def split(at: datetime) -> None:
    """Make an objective for every new label set, and remove those whose set vanished a whole period ago.

    Looks once a minute, and in every tick for a definition that has no objective yet.
    """
    parents = list(Objective.objects.exclude(by=[]).select_related("source").prefetch_related("children"))
    _remove(Objective.objects.filter(parent__by=[]))
    now = to_epoch(at)
    due = now % EVERY < settings.TICK_SECONDS
    asked = [parent for parent in parents if due or not parent.children.all()]
    found = _ask(asked, floor_to(now, settings.TICK_SECONDS))
    for parent in parents:
        with transaction.atomic():
            _keep(parent, found.get(parent.pk), at)


def _ask(parents: Sequence[Objective], at: int) -> Found:
    by_source: dict[int, list[Objective]] = defaultdict(list)
    for parent in parents:
        by_source[parent.source_id].append(parent)
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="labels") as pool:
        answers = pool.map(lambda items: _ask_source(items, at), by_source.values())
        return {pk: sets for answer in answers for pk, sets in answer.items()}


def _ask_source(parents: Sequence[Objective], at: int) -> Found:
    """What one source says; after a failure the rest waits for the next time. Runs in a thread: no database here."""
    found: Found = {}
    try:
        source = registry.build(parents[0].source.kind, parents[0].source.spec)
        for parent in parents:
            if isinstance(source, Labelled):
                found[parent.pk] = source.label_sets(parent.sli["total"], parent.by, at)
    except BrownoutError as error:
        log.warning("Source %s does not tell its labels: %s", parents[0].source.name, error)
    return found


def _keep(parent: Objective, found: list[dict[str, str]] | None, at: datetime) -> None:
    """Make the children of a definition what they ought to be; `found` is None while the source does not tell."""
    every = list(parent.children.all())
    children = {_key(parent, child.labels): child for child in every if {*child.labels} == {*parent.by}}
    _remove(child for child in every if {*child.labels} != {*parent.by})
    _follow(parent, children.values())
    if found is None:
        return
    usable = {_key(parent, labels): labels for labels in found if storable(labels)}
    unusable = sum(not storable(labels) for labels in found)
    Objective.objects.filter(pk__in=[children[key].pk for key in usable if key in children]).update(
        last_seen=to_epoch(at)
    )
    start = to_epoch(parent.span().bounds(at)[0])
    gone = [key for key, child in children.items() if key not in usable and (child.last_seen or 0) < start]
    _remove(children.pop(key) for key in gone)
    new = sorted(key for key in usable if key not in children)
    room = max(0, parent.by_limit - len(children))
    _make(parent, [usable[key] for key in new[:room]], at)
    _remark(parent, len(usable.keys() | children.keys()), len(new[room:]), unusable)


def _key(parent: Objective, labels: Mapping[str, str]) -> Key:
    return tuple(labels.get(name, "") for name in parent.by)


def _remove(children: Iterable[Objective]) -> None:
    pks = [child.pk for child in children]
    if pks:
        Objective.objects.filter(pk__in=pks).delete()


def _follow(parent: Objective, children: Iterable[Objective]) -> None:
    """Let the children be as their definition says now."""
    changed, recounted = [], []
    for child in children:
        wanted = _fields(parent, child.labels)
        differing = [name for name, value in wanted.items() if getattr(child, name) != value]
        if differing:
            changed.append(child)
        if {"sli", "source_id"} & set(differing):
            recounted.append(child)
        for name in differing:
            setattr(child, name, wanted[name])
    if changed:
        Objective.objects.bulk_update(changed, [name.removesuffix("_id") for name in _fields(parent, {})])
        forget_cursors(recounted)


def _fields(parent: Objective, labels: Mapping[str, str]) -> dict[str, Any]:
    # Databases give the names in an order of their own.
    labels = {name: labels[name] for name in parent.by if name in labels}
    sli = {
        name: narrowed(value, labels) if name in {"good", "bad", "total"} else value
        for name, value in parent.sli.items()
        # Its selectors are no longer those of the histogram alone.
        if name != "histogram"
    }
    copied = {name: getattr(parent, name) for name in _COPIED}
    return {**copied, "sli": sli, "title": child_title(str(parent), labels)}


def _make(parent: Objective, sets: Sequence[Mapping[str, str]], at: datetime) -> None:
    if not sets:
        return
    # Only names that begin like the definition's can be in the way.
    taken = set(Objective.objects.filter(name__startswith=f"{parent.name}-").values_list("name", flat=True))
    rows = []
    for labels in sets:
        name = child_name(parent.name, labels, taken)
        taken.add(name)
        more = {"parent": parent, "labels": dict(labels), "last_seen": to_epoch(at)}
        rows.append(Objective(name=name, **more, **_fields(parent, labels)))
    # Where another worker was first, its row is the one.
    Objective.objects.bulk_create(rows, ignore_conflicts=True)
    mark = Watermark.objects.filter(objective=parent).first()
    source = registry.build(parent.source.kind, parent.source.spec)
    if mark and source.replays:
        new = Objective.objects.filter(parent=parent, watermark=None, name__in=[row.name for row in rows])
        cut = parent.slices()
        start = max(mark.started, floor_to(to_epoch(at) - BACK, cut.window if cut else 60))
        begin(new.values_list("pk", flat=True), min(start, mark.at))


def _remark(parent: Objective, sets: int, left_out: int, unusable: int) -> None:
    names, told = ", ".join(parent.by), []
    if left_out:
        told.append(
            f"this period has {sets:,} sets of {names} and the limit is {parent.by_limit:,}: {left_out:,} have no "
            "objective; raise it by the annotation brownout/by-limit, or select fewer series"
        )
    if unusable:
        told.append(f"{unusable:,} sets of {names} have values that cannot be stored")
    remark = "; ".join(told)
    if remark != parent.remark:
        Objective.objects.filter(pk=parent.pk).update(remark=remark)
