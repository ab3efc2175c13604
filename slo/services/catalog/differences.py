"""What differs between a row and its document, for the engine and for people."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import ForeignKey, JSONField, Model

_SECRET = re.compile(r"header|token|password|secret|authorization|key\b", re.IGNORECASE)
_CREDENTIALS = re.compile(r"//[^/@\s]+@")
_HIDDEN = "•••"
_LONGEST = 80

Action = Literal["created", "changed", "unchanged", "pruned"]


@dataclass(frozen=True, slots=True)
class Difference:
    """A field with its old and its new value."""

    field: str
    old: Any
    new: Any

    def __str__(self) -> str:
        secret = bool(_SECRET.search(self.field))
        return f"{self.field}: {_shown(self.old, secret=secret)} → {_shown(self.new, secret=secret)}"


@dataclass(frozen=True, slots=True)
class Change:
    """What an apply did, or would do, to one row."""

    kind: str
    name: str
    action: Action
    differences: tuple[Difference, ...] = ()


def stored(model: type[Model], fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields as the database gives them back: JSON has no tuples."""
    return {
        name: json.loads(json.dumps(value, cls=DjangoJSONEncoder))
        if isinstance(model._meta.get_field(name), JSONField)
        else value
        for name, value in fields.items()
    }


def differing(instance: Model, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields whose value is another than the row's."""
    return {name: value for name, value in fields.items() if _plain(instance, name) != _key(value)}


def differences(instance: Model, fields: Mapping[str, Any]) -> Iterator[Difference]:
    """The differences between a row, as it still is, and the fields it will hold."""
    for name, value in fields.items():
        old = getattr(instance, name)
        if isinstance(old, Model) or isinstance(value, Model):
            yield Difference(name, _label(old), _label(value))
        else:
            yield from _nested(name, old, value)


def _plain(instance: Model, name: str) -> Any:
    field = instance._meta.get_field(name)
    return getattr(instance, field.attname if isinstance(field, ForeignKey) else name)


def _key(value: Any) -> Any:
    return value.pk if isinstance(value, Model) else value


def _label(row: Model | None) -> str | None:
    return None if row is None else str(getattr(row, "name", row))


def _nested(path: str, old: Any, new: Any) -> Iterator[Difference]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in [*old, *(key for key in new if key not in old)]:
            if old.get(key) != new.get(key):
                yield from _nested(f"{path}.{key}", old.get(key), new.get(key))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for position, (left, right) in enumerate(zip(old, new, strict=True)):
            if left != right:
                yield from _nested(f"{path}.{position}", left, right)
    else:
        yield Difference(path, old, new)


def _shown(value: Any, *, secret: bool) -> str:
    if value in (None, "", [], {}):
        return "nothing"
    if secret:
        return _HIDDEN
    text = value if isinstance(value, str) else json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False)
    text = "".join(char if char.isprintable() else " " for char in text)
    text = _CREDENTIALS.sub(f"//{_HIDDEN}@", " ".join(text.split()))
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
