"""Looking things up; what is watched is defined in the catalog, and nothing here changes it."""

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from slo.models import ApiToken, Component, Correction, ExclusionChange, Objective, Service


class ReadOnly(admin.ModelAdmin):  # type: ignore[type-arg]  # generic for the type checker only
    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(Service)
class ServiceAdmin(ReadOnly):
    list_display = ("name", "title", "owner")
    search_fields = ("name", "title")


@admin.register(Component)
class ComponentAdmin(ReadOnly):
    list_display = ("name", "service", "tier", "owner")
    list_filter = ("tier", "service")
    search_fields = ("name", "title")


@admin.register(Objective)
class ObjectiveAdmin(ReadOnly):
    list_display = ("name", "service", "component", "source", "target", "burn_policy")
    list_filter = ("service", "source")
    list_select_related = ("service", "component", "source", "burn_policy")
    search_fields = ("name", "title")


@admin.register(Correction)
class CorrectionAdmin(ReadOnly):
    list_display = ("objective", "at", "by", "reason", "forced")
    list_select_related = ("objective",)


@admin.register(ExclusionChange)
class ExclusionChangeAdmin(ReadOnly):
    list_display = ("at", "action", "actor", "by", "reason")


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnly):
    list_display = ("name", "role", "created_at", "revoked_at")
    exclude = ("digest",)
