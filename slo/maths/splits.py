"""What the objectives are called that one definition makes of its labels."""

import hashlib
import json
import re
from collections.abc import Collection, Mapping

_PLAIN = re.compile(r"[a-z0-9]+(?:[_-][a-z0-9]+)*")
_LONGEST = 40


def child_name(parent: str, labels: Mapping[str, str], taken: Collection[str]) -> str:
    """A name that is not taken, and tells as much of the values as a name can.

    Values that a name can hold as they are stand in it; what is lost of others is told apart by a hash of the set.
    """
    values = list(labels.values())
    slug = re.sub(r"[^a-z0-9]+", "-", "-".join(values).lower()).strip("-")[:_LONGEST].strip("-")
    # With several labels a hyphen might belong to either of two values.
    plain = all(_PLAIN.fullmatch(value) and (len(values) == 1 or "-" not in value) for value in values)
    whole = f"{parent}-{'-'.join(values)}"
    if plain and len(whole) <= len(parent) + 1 + _LONGEST and whole not in taken:
        return whole
    digest = hashlib.sha256(json.dumps(dict(labels), sort_keys=True).encode()).hexdigest()
    names = ("-".join(filter(None, (parent, slug, digest[:length]))) for length in range(8, 65, 8))
    return next(name for name in names if name not in taken)


def child_title(title: str, labels: Mapping[str, str], longest: int = 200) -> str:
    """The title of the definition with the labels, for people."""
    shown = ", ".join(f"{name}={_shown(value)}" for name, value in labels.items())
    return f"{title} ({shown})" if len(title) + len(shown) + 3 <= longest else f"{title} ({shown}"[: longest - 1] + "…"


def _shown(value: str) -> str:
    text = "".join(char if char.isprintable() else " " for char in value[:80])
    return text if text.strip() and len(value) <= 80 else f'"{text}{"…" if len(value) > 80 else ""}"'


def storable(labels: Mapping[str, str]) -> bool:
    """Can every database hold the values?"""
    return all("\x00" not in value and len(value) <= 1_000 and _encodes(value) for value in labels.values())


def _encodes(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
