"""Looking things up; what people change has pages of its own, and definitions come from the catalog."""

from django.contrib import admin

from degradation.models import (
    Capability,
    Circuit,
    CircuitChange,
    CircuitReport,
    CircuitSettings,
    Flag,
    FlagChange,
    Shedding,
    SheddingPolicy,
)
from slo.admin import ReadOnly


@admin.register(Flag)
class FlagAdmin(ReadOnly):
    list_display = ("key", "service", "tier", "shed_at", "override", "override_until")
    list_filter = ("service", "tier")
    search_fields = ("key", "description")


@admin.register(FlagChange)
class FlagChangeAdmin(ReadOnly):
    list_display = ("at", "flag", "cause", "before", "after", "actor", "reason")
    list_filter = ("cause", "flag")


@admin.register(SheddingPolicy)
class SheddingPolicyAdmin(ReadOnly):
    list_display = ("name", "description")


@admin.register(Shedding)
class SheddingAdmin(ReadOnly):
    list_display = ("service", "policy", "decided_at", "reason")


@admin.register(Capability)
class CapabilityAdmin(ReadOnly):
    list_display = ("name", "title", "service", "position")


@admin.register(CircuitSettings)
class CircuitSettingsAdmin(ReadOnly):
    list_display = ("name", "description")


@admin.register(Circuit)
class CircuitAdmin(ReadOnly):
    list_display = ("component", "state", "reason", "actor")


@admin.register(CircuitChange)
class CircuitChangeAdmin(ReadOnly):
    list_display = ("at", "circuit", "cause", "before", "after", "actor", "reason")
    list_filter = ("cause",)


@admin.register(CircuitReport)
class CircuitReportAdmin(ReadOnly):
    list_display = ("component", "client", "reporter", "phase", "at")
    list_filter = ("phase", "component")
