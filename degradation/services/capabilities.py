"""Judge the capabilities: note every change of mode, and put up a banner where users are harmed for too long."""

import logging
from datetime import datetime, timedelta

from django.db import transaction

from degradation import selectors
from degradation.models import Banner, CapabilityChange, CapabilityStanding
from degradation.selectors import ModeView
from degradation.services import banners
from slo.maths.windows import format_duration

log = logging.getLogger(__name__)
BY = "capability"


def judge(at: datetime) -> None:
    """One judgement of every capability. One that fails does not hold up the others.

    Raises ExceptionGroup at the end with what failed.
    """
    failures: list[Exception] = []
    standings = selectors.standings()
    with_banner = set(Banner.objects.filter(put_up_by=BY, ended_at=None).values_list("capability", flat=True))
    for view in selectors.capabilities(at):
        try:
            with transaction.atomic():
                standing = _note(view, standings.get(view.capability.pk), at)
                # Most of the time nobody is harmed and no banner is up: nothing to read then.
                if standing is not None and (standing.harmed_since or view.capability.pk in with_banner):
                    _announce(view, standing, at)
        except Exception as error:
            log.exception("The capability %s cannot be judged; the others go on", view.capability.name)
            failures.append(error)
    if failures:
        raise ExceptionGroup("judging capabilities failed in part", failures)


def _note(view: ModeView, last: CapabilityStanding | None, at: datetime) -> CapabilityStanding | None:
    """Move the standing to what was found; None when somebody else has moved it meanwhile."""
    if last is None:
        since = at if view.harms and view.state != "unknown" else None
        new = CapabilityStanding(capability=view.capability, since=at, harmed_since=since, **_found(view))
        _, created = CapabilityStanding.objects.get_or_create(
            pk=view.capability.pk, defaults={"since": at, "harmed_since": since, **_found(view)}
        )
        if created:
            _write(view, at)
        return new if created else None
    if at < last.since:
        return None
    found, harmed_since = _found(view), _harmed_since(view, last, at)
    same = all(getattr(last, name) == value for name, value in found.items())
    if same and harmed_since == last.harmed_since:
        return last
    changed = (last.mode, last.state) != (view.mode, view.state)
    fields = {**found, "harmed_since": harmed_since, "since": at if changed else last.since}
    mine = CapabilityStanding.objects.filter(pk=last.pk, version=last.version)
    if not mine.update(**fields, version=last.version + 1):
        return None
    if changed:
        _write(view, at)
    return CapabilityStanding(pk=last.pk, **fields)


def _found(view: ModeView) -> dict[str, object]:
    return {"mode": view.mode, "state": view.state, "harms": view.harms, "because": list(view.because)}


def _harmed_since(view: ModeView, last: CapabilityStanding, at: datetime) -> datetime | None:
    if view.state == "unknown":
        return last.harmed_since
    return (last.harmed_since or at) if view.harms else None


def _write(view: ModeView, at: datetime) -> None:
    CapabilityChange.objects.create(capability=view.capability, at=at, **_found(view))


def _announce(view: ModeView, standing: CapabilityStanding, at: datetime) -> None:
    """Put up the banner that is due, or take down the one that is over. One taken down by hand stays down."""
    item, since = view.capability, standing.harmed_since
    if since is None:
        for banner in Banner.objects.filter(capability=item, put_up_by=BY, ended_at=None):
            banners.take_down(banner.pk, reason=f"{item.title} works again", at=at)
        return
    limit = item.banner_after
    if limit is None or view.state == "unknown" or at - since < timedelta(seconds=limit):
        return
    cause = f"capability:{item.name}:{int(since.timestamp())}"
    if Banner.objects.filter(cause=cause).exists():
        return
    banners.put_up(
        item.banner_text or view.message or f"{item.title} is not available at the moment.",
        reason=f"{item.title} has been in the mode {view.mode!r} for {format_duration(limit)}",
        at=at,
        by=BY,
        capability=item,
        cause=cause,
    )
