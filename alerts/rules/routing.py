"""Which channels hear of an alert."""

from collections.abc import Mapping
from dataclasses import dataclass

from alerts.rules.matchers import Matcher, matches_all


@dataclass(frozen=True, slots=True)
class Route:
    """What a channel wants to hear: `after` is the number of seconds an alert stays unacknowledged before it does."""

    channel: str
    severities: frozenset[str]
    matchers: tuple[Matcher, ...] = ()
    after: int = 0


def wants(route: Route, labels: Mapping[str, str]) -> bool:
    """Does the channel want to hear of an alert with these labels, sooner or later?

    A channel is not told that it does not get through itself: that is for the others.
    """
    own = labels.get("kind") == "delivery" and labels.get("channel") == route.channel
    return not own and labels.get("severity", "") in route.severities and matches_all(route.matchers, labels)
