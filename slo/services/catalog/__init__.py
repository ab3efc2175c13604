"""The catalog as documents: what is declared in files becomes rows, all or nothing, and comes back as documents."""

from slo.openslo.load import Document
from slo.services.catalog.handlers import Handler, Resolver, handlers, register

__all__ = ["Document", "Handler", "Resolver", "handlers", "register"]
