"""What pydantic finds wrong, as sentences for the person who wrote the document."""

import re
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from slo.openslo.nodes import join

_KINDS = {
    "string": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "list": "a list",
    "dict": "a mapping",
    "model": "a mapping",
}
_TYPES = {f"{name}_type": word for name, word in _KINDS.items()} | {"model_attributes_type": "a mapping"}
_BOUNDS = {
    "greater_than": ("gt", "above"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "below"),
    "less_than_equal": ("le", "at most"),
}


def faults(error: ValidationError, model: type[BaseModel], written: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    """The dotted path and the sentence of everything wrong; `written` holds the paths there are in the document."""
    seen: set[tuple[str, str]] = set()
    for details in error.errors(include_url=False):
        path = _path(details, written)
        fault = (path, _sentence(details, model))
        if fault not in seen:
            seen.add(fault)
            yield fault


def near(word: str, known: Iterable[str]) -> str:
    """A hint at the nearest known word, to end a sentence with; empty when none is near."""
    options = list(known)
    found = get_close_matches(word, options, n=1, cutoff=0.6) or get_close_matches(
        word.lower(), [option for option in options if option.lower() == word.lower()], n=1, cutoff=0.0
    )
    return f"; did you mean {found[0]}?" if found else ""


def shown(value: Any) -> str:
    """A value as it stands in a sentence."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f"the text {value[:60]!r}"
    if isinstance(value, int | float):
        return f"the number {value:g}" if abs(value) < 1e15 else "a huge number"
    if isinstance(value, list):
        return "a list"
    return "nothing" if value is None else "a mapping"


def _path(details: ErrorDetails, written: Mapping[str, int]) -> str:
    # Names of union members are part of pydantic's locations, but not of the document.
    path = ""
    for part in details["loc"]:
        step = join(path, str(part))
        if step in written:
            path = step
    if details["type"] == "missing":
        path = join(path, str(details["loc"][-1]))
    return path


def _sentence(details: ErrorDetails, model: type[BaseModel]) -> str:
    kind, value, context = details["type"], details["input"], details.get("ctx", {})
    if kind in _TYPES:
        return f"must be {_TYPES[kind]}, not {shown(value)}"
    if kind in _BOUNDS:
        name, words = _BOUNDS[kind]
        return f"must be {words} {context[name]:g}, not {shown(value).removeprefix('the number ')}"
    if kind == "extra_forbidden":
        return f"is not a known field{near(str(details['loc'][-1]), _fields(model, details['loc'][:-1]))}"
    return _choice(kind, value, context) or _length(kind, context) or details["msg"][:1].lower() + details["msg"][1:]


def _choice(kind: str, value: Any, context: Mapping[str, Any]) -> str:
    match kind:
        case "missing":
            return "is required"
        case "value_error":
            return str(context["error"])
        case "literal_error":
            options = str(context["expected"]).replace("'", "")
            return f"must be {options}, not {shown(value)}{near(str(value), re.split(', | or ', options))}"
        case "union_tag_invalid":
            options = str(context["expected_tags"]).replace("'", "").replace(", ", " or ")
            return f"type must be {options}, not {str(context['tag'])[:60]!r}"
        case "union_tag_not_found":
            return f"needs {str(context['discriminator']).replace(chr(39), '')}"
    return ""


def _length(kind: str, context: Mapping[str, Any]) -> str:
    unit = "characters" if kind.startswith("string") else "entries"
    if kind.endswith("too_long"):
        return f"must have at most {context['max_length']} {unit}"
    if kind.endswith("too_short"):
        return "must not be empty" if context["min_length"] == 1 else f"needs {context['min_length']} {unit}"
    return ""


def _fields(model: type[BaseModel], location: Iterable[Any]) -> list[str]:
    """The names of the fields at a location of the model; empty where that cannot be told."""
    options: list[type[BaseModel]] = [model]
    for part in location:
        if isinstance(part, str):
            options = list(_descend(options, part)) or options
    return [field.alias or name for option in options for name, field in option.model_fields.items() if name != "root"]


def _descend(options: Iterable[type[BaseModel]], part: str) -> Iterator[type[BaseModel]]:
    for option in options:
        for name, field in option.model_fields.items():
            if part in {name, field.alias} or name == "root":
                yield from _models(field.annotation)


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models(argument)
