"""The catalog as documents: what is declared in files becomes rows, all or nothing, and comes back as documents."""

from slo.openslo.load import Document
from slo.services.catalog.differences import Change, Difference
from slo.services.catalog.engine import apply_documents, apply_text, draft
from slo.services.catalog.export import definition, definition_of, export_documents
from slo.services.catalog.handlers import Handler
from slo.services.catalog.registry import handlers, register
from slo.services.catalog.resolver import Resolver

__all__ = [
    "Change",
    "Difference",
    "Document",
    "Handler",
    "Resolver",
    "apply_documents",
    "apply_text",
    "definition",
    "definition_of",
    "draft",
    "export_documents",
    "handlers",
    "register",
]
