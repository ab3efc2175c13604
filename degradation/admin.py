"""Looking things up; what people change has pages of its own, and definitions come from the catalog."""

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from degradation.models import Capability, Flag, FlagChange, Shedding, SheddingPolicy


class ReadOnly(admin.ModelAdmin):  # type: ignore[type-arg]  # generic for the type checker only
    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


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
