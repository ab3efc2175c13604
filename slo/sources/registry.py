"""Which adapter reads which kind of source."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from typing import Any

from slo.errors import DefinitionError
from slo.sources.base import Source
from slo.sources.connection import Connection
from slo.sources.events import Events
from slo.sources.probe import Probe
from slo.sources.prometheus import Prometheus
from slo.sources.scrape import Scrape

Factory = Callable[[Mapping[str, Any]], Source]


def _connected(adapter: Callable[..., Source]) -> Factory:
    """A factory of adapters that take what a spec says of headers, credentials and TLS as their connection."""
    names = {field.name for field in fields(Connection)}

    def make(spec: Mapping[str, Any]) -> Source:
        connection = Connection(**{name: value for name, value in spec.items() if name in names})
        return adapter(connection=connection, **{name: value for name, value in spec.items() if name not in names})

    return make


_factories: dict[str, Factory] = {
    "prometheus": _connected(Prometheus),
    "scrape": _connected(Scrape),
    "probe": _connected(Probe),
    "events": lambda spec: Events(**spec),
}


def build(kind: str, spec: Mapping[str, Any]) -> Source:
    """The adapter for a source of that kind, connected as `spec` says. Raises DefinitionError."""
    if kind not in _factories:
        raise DefinitionError(f"there is no kind of source named {kind!r}; known are {', '.join(sorted(_factories))}")
    try:
        return _factories[kind](spec)
    except TypeError as error:
        raise DefinitionError(f"the connection details of the {kind} source do not fit: {error}") from None


@contextmanager
def replaced(kind: str, factory: Factory) -> Iterator[None]:
    """Let another factory make the sources of a kind, and put things back afterwards."""
    before = _factories.get(kind)
    _factories[kind] = factory
    try:
        yield
    finally:
        if before is None:
            del _factories[kind]
        else:
            _factories[kind] = before
