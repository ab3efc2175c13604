"""Banners as operators see them: what users read, who put it up and why."""

from dataclasses import dataclass
from datetime import datetime

from degradation import selectors as degradation
from degradation.models import Banner

_BY_ITSELF = {"loop": "by a step of shedding", "capability": "by itself"}


@dataclass(frozen=True, slots=True)
class BannerRow:
    """A banner that stands; `by` is who or what put it up, in words."""

    pk: int
    text: str
    about: str
    by: str
    reason: str
    since: datetime
    until: datetime | None


def banner_rows(at: datetime) -> tuple[BannerRow, ...]:
    """The banners that stand at `at`, newest first."""
    return tuple(_row(banner) for banner in degradation.banners(at))


def _row(banner: Banner) -> BannerRow:
    return BannerRow(
        banner.pk,
        banner.text,
        str(banner.capability) if banner.capability else "",
        _BY_ITSELF.get(banner.put_up_by, f"by {banner.put_up_by}"),
        banner.reason,
        banner.since,
        banner.until,
    )
