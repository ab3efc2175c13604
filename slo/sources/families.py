"""Selectors that differ in the value of one label only, such as `service`, asked together as one sum by that label.

A server answers a family at a fraction of what its members cost one by one: the series are the same, but there is one
search and one evaluation for all.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from slo.sources.selector import Matcher, Selector

# A family is worth it from so many members on; with more than the most an answer gets unwieldy.
LEAST, MOST = 3, 50


@dataclass(frozen=True, slots=True)
class Family:
    """A selector for all members, the label they differ in, and the places of the members by its value."""

    selector: Selector
    label: str
    members: Mapping[str, Sequence[int]]


class Kinship(NamedTuple):
    """What the members of a family share: all but the value of `label`."""

    mark: Hashable
    name: str
    label: str
    others: tuple[Matcher, ...]


def families(selectors: Sequence[tuple[Hashable, Selector]]) -> Iterator[Family]:
    """The families there are; only selectors with the same mark are put together. Some belong to none."""
    keys = [list(_kinships(mark, selector)) for mark, selector in selectors]
    sizes = Counter(key for each in keys for key, _ in each)
    groups: dict[Kinship, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for place, each in enumerate(keys):
        if each:
            key, value = max(each, key=lambda one: sizes[one[0]])
            groups[key][value].append(place)
    for kinship, members in groups.items():
        values = sorted(members)
        for low in range(0, len(values), MOST):
            some = values[low : low + MOST]
            if len(some) >= LEAST:
                every = Matcher(kinship.label, "=~", "|".join(map(re.escape, some)))
                selector = Selector(kinship.name, (*kinship.others, every))
                yield Family(selector, kinship.label, {value: members[value] for value in some})


def _kinships(mark: Hashable, selector: Selector) -> Iterator[tuple[Kinship, str]]:
    """What a selector may have in common with others, and its own value of the label in which they differ."""
    for matcher in selector.matchers:
        if matcher.operator == "=" and matcher.value:
            others = tuple(sorted((m for m in selector.matchers if m is not matcher), key=_order))
            if all(other.label != matcher.label for other in others):
                yield Kinship(mark, selector.name, matcher.label, others), matcher.value


def _order(matcher: Matcher) -> tuple[str, str, str]:
    return matcher.label, matcher.operator, matcher.value
