"""How figures are written for people. PURE; the template filters and the presenters both use it.

A figure that is not known is written as an en dash, so that a column keeps its shape.
"""

from datetime import datetime
from math import floor, log10

NONE = "–"
SPACE = "\u00a0"
MINUS = "\u2212"

_LARGE = ((1e9, 999.5e6, "G"), (1e6, 999.5e3, "M"), (1e3, 1e4, "k"))
_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def percent(ratio: float | None, digits: int | None = None) -> str:
    """A ratio as a percentage. Without `digits`, as many as tell it from 100 %: 0.9995 → 99.95 %.

    A share just below one is never rounded up to 100 %: that would hide that something failed.
    """
    if ratio is None:
        return NONE
    value = ratio * 100
    places = _places(value) if digits is None else digits
    if 0 < 100 - value < 1:
        value = floor(value * 10**places + 1e-6) / 10**places
    text = f"{abs(value):.{places}f}"
    if digits is None and "." in text:
        text = text.rstrip("0").rstrip(".")
    sign = MINUS if value < 0 and float(text) else ""
    return f"{sign}{text}{SPACE}%"


def _places(value: float) -> int:
    distance = abs(100 - value) if value > 50 else abs(value)
    return min(5, max(1, 2 - floor(log10(distance)))) if distance > 1e-9 else 0


def count(number: float | None) -> str:
    """A whole number of events: 12,345."""
    if number is None:
        return NONE
    return f"{number:,.0f}".replace("-", MINUS)


def amount(number: float | None, unit: str) -> str:
    """What an objective counts, by its unit: 12,345 events or slices (2.5 of ratios), 12.3 min of time."""
    if unit == "seconds":
        return duration(number)
    if unit == "slices" and number is not None and abs(number - round(number)) >= 0.05:
        return f"{number:,.1f}".replace("-", MINUS)
    return count(number)


def compact(number: float | None) -> str:
    """A number of events where there is little room: 9,870, 12.3 k, 4.56 M."""
    if number is None:
        return NONE
    for size, least, unit in _LARGE:
        if abs(number) >= least:
            return f"{number / size:.3g}{SPACE}{unit}"
    return count(number)


def factor(burn: float | None) -> str:
    """A burn rate: 14.4×, 0.3×, <0.1×, 0×."""
    if burn is None:
        return NONE
    if burn and burn < 0.05:
        return "<0.1×"
    return f"{burn:,.0f}×" if burn >= 100 or not burn else f"{burn:.1f}×"


def duration(seconds: float | None) -> str:
    """A span in one or two units: 45 s, 21.6 min, 3 h 12 min, 12 d 4 h."""
    if seconds is None:
        return NONE
    sign, seconds = (MINUS, -seconds) if seconds < 0 else ("", seconds)
    if seconds < 60:
        return f"{sign}{seconds:.0f}{SPACE}s"
    if seconds < 3_570:
        return f"{sign}{_decimal(seconds / 60)}{SPACE}min"
    if seconds < 86_370:
        return sign + _pair(round(seconds / 60), 60, "h", "min")
    return sign + _pair(round(seconds / 3_600), 24, "d", "h")


def rough(seconds: float) -> str:
    """How long something lasted, in whole units: 45 s, 18 min, 3 h 12 min, 6 d 12 h."""
    return duration(seconds) if seconds < 60 or seconds >= 3_600 else f"{seconds // 60:.0f}{SPACE}min"


def _decimal(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _pair(amount: int, size: int, large: str, small: str) -> str:
    whole, rest = divmod(amount, size)
    return f"{whole}{SPACE}{large}" + (f" {rest}{SPACE}{small}" if rest else "")


def relative(instant: datetime, at: datetime) -> str:
    """How far an instant is from `at`, roughly: 4 s ago, 20 min ago, in 3 h."""
    seconds = (at - instant).total_seconds()
    distance = abs(seconds)
    if distance < 1:
        return "just now"
    size, unit = next((size, unit) for size, unit in _UNITS if distance >= size)
    text = f"{distance // size:.0f}{SPACE}{unit}"
    return f"{text} ago" if seconds > 0 else f"in {text}"


def instant(moment: datetime) -> str:
    """An absolute instant, to the second: 2026-11-21 08:51:30 UTC."""
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def short_instant(moment: datetime, at: datetime) -> str:
    """An absolute instant as short as it stays clear beside `at`: 08:51:30, 14 Nov 08:51, 14 Nov 2025."""
    if moment.date() == at.date():
        return f"{moment:%H:%M:%S}"
    return f"{moment.day} {moment:%b %H:%M}" if moment.year == at.year else f"{moment.day} {moment:%b %Y}"


def milliseconds(seconds: float | None) -> str:
    """A latency: 300 ms, 1.25 s."""
    if seconds is None:
        return NONE
    return f"{seconds * 1000:,.0f}{SPACE}ms" if seconds < 1 else f"{seconds:g}{SPACE}s"


def latency(seconds: float | None, *, beyond: bool = False) -> str:
    """A latency as it was measured: 4.2 ms, 180 ms, 1.25 s, > 10 s."""
    if seconds is None:
        return NONE
    text = f"{seconds:.2f}".rstrip("0").rstrip(".") + f"{SPACE}s"
    if seconds < 0.9995:
        number = seconds * 1000
        text = f"{number:.1f}".removesuffix(".0") if number < 9.95 else f"{number:.0f}"
        text += f"{SPACE}ms"
    return f">{SPACE}{text}" if beyond else text


def path(text: str, most: int = 36) -> str:
    """Where a file lies, by its folder and name if the whole is long: …/runbooks/orders.md."""
    return text if len(text) <= most else "…/" + "/".join(text.split("/")[-2:])


def plural(number: int, noun: str, several: str = "") -> str:
    """A number with its noun: 1 flag, 3 flags."""
    return f"{number} {noun if number == 1 else several or noun + 's'}"


def listing(words: list[str] | tuple[str, ...]) -> str:
    """Words in a row: a, b and c."""
    words = list(words)
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]])) if words else ""
