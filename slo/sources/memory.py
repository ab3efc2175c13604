"""How far back a Prometheus remembers, as far as it says so itself.

Thanos, Mimir and VictoriaMetrics speak the same language without telling their retention in it: of them nothing is
claimed. Nor of a Prometheus that reads from a longer memory behind it (`remote_read`).
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Protocol, runtime_checkable

_UNITS = {"y": 31_536_000, "w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1, "ms": 0}
_DURATION = re.compile(r"(?:\d+(?:ms|[ywdhms]))+", re.ASCII)
_PART = re.compile(r"(\d+)(ms|[ywdhms])", re.ASCII)
_REMOTE = re.compile(r"^remote_read:\s*$", re.MULTILINE)

Ask = Callable[[str], Any]
"""The `data` of an answer to /api/v1/status/<name>; None where the server does not tell."""


@runtime_checkable
class Remembering(Protocol):
    """A source that can be asked how far back it remembers."""

    def remembers(self) -> int | None:
        """Seconds that are kept; None where that is not known."""
        ...


def retention(ask: Ask) -> int | None:
    """Seconds that are kept; None where that is not known, or only bounded by size."""
    runtime, flags = _mapping(ask("runtimeinfo")), _mapping(ask("flags"))
    if not runtime and not flags:
        return None
    if _REMOTE.search(str(_mapping(ask("config")).get("yaml", ""))):
        return None
    stated = str(runtime.get("storageRetention", ""))
    return _seconds(stated) if stated else _seconds(str(flags.get("storage.tsdb.retention.time", "")))


def _mapping(data: Any) -> Mapping[str, Any]:
    return data if isinstance(data, Mapping) else {}


def _seconds(text: str) -> int | None:
    """`15d`, or `15d or 10GiB`, where the size may end it earlier; None for a size alone."""
    first = text.partition(" or ")[0].strip()
    if not _DURATION.fullmatch(first) or len(first) > 40:
        return None
    return sum(int(count) * _UNITS[unit] for count, unit in _PART.findall(first)) or None
