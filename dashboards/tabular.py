"""Tables as CSV. PURE: rows in, text out."""

import csv
from collections.abc import Iterable, Sequence
from io import StringIO

# What a spreadsheet takes for the beginning of a formula, or skips before one.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")


def as_csv(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """RFC 4180, with a head. Text that a spreadsheet would run as a formula has an apostrophe before it."""
    out = StringIO()
    writer = csv.writer(out)
    writer.writerow([_cell(title) for title in head])
    writer.writerows([_cell(value) for value in row] for row in rows)
    return out.getvalue()


def _cell(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return f"'{value}" if isinstance(value, str) and value.lstrip(" ").startswith(_FORMULA) else value
