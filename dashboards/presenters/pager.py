"""A long list a page at a time."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Leaf:
    """A page that can be gone to; number 0 stands for those that are left out between two."""

    number: int
    href: str
    current: bool = False


@dataclass(frozen=True, slots=True)
class Pager:
    """Rows `first` to `last` of `total` on page `page`; without any, both are 0. No leaves where one page has all."""

    page: int
    first: int
    last: int
    total: int
    leaves: tuple[Leaf, ...]
    newer: str
    older: str

    @property
    def range(self) -> str:
        """What is shown, in words."""
        return f"{self.first:,} to {self.last:,} of {self.total:,}"


def pager(total: int, page: int, size: int, address: Callable[[int], str]) -> Pager:
    """The page of that number, or the last where there are fewer; `address` gives the address of a page."""
    pages = max(1, -(-total // size))
    page = max(1, min(page, pages))
    return Pager(
        page=page,
        first=(page - 1) * size + 1 if total else 0,
        last=min(page * size, total),
        total=total,
        leaves=tuple(_leaves(page, pages, address)) if pages > 1 else (),
        newer=address(page - 1) if page > 1 else "",
        older=address(page + 1) if page < pages else "",
    )


def _leaves(page: int, pages: int, address: Callable[[int], str]) -> list[Leaf]:
    near = sorted({1, pages, *range(max(1, page - 2), min(pages, page + 2) + 1)})
    leaves: list[Leaf] = []
    before = 0
    for number in near:
        if number == before + 2:
            leaves.append(Leaf(number - 1, address(number - 1)))
        elif number > before + 2:
            leaves.append(Leaf(0, ""))
        leaves.append(Leaf(number, address(number), number == page))
        before = number
    return leaves
