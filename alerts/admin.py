"""Looking things up; channels and runbooks are defined in the catalog, alerts are acted upon on their pages."""

from django.contrib import admin

from alerts.models import (
    Alert,
    BudgetChange,
    Channel,
    ChannelTrial,
    Delivery,
    Report,
    Runbook,
    Silence,
    SilenceChange,
    Transition,
)
from slo.admin import ReadOnly


@admin.register(Alert)
class AlertAdmin(ReadOnly):
    list_display = ("kind", "subject", "severity", "state", "opened_at", "fired_at", "ended_at", "acknowledged_by")
    list_filter = ("state", "kind", "severity")
    search_fields = ("subject", "title")
    list_select_related = ("acknowledged_by",)


@admin.register(Transition)
class TransitionAdmin(ReadOnly):
    list_display = ("at", "alert", "kind", "before", "after", "cause", "actor", "via")
    list_select_related = ("alert", "actor")


@admin.register(BudgetChange)
class BudgetChangeAdmin(ReadOnly):
    list_display = ("at", "objective", "policy", "before", "after", "remaining")
    list_select_related = ("objective",)


@admin.register(Channel)
class ChannelAdmin(ReadOnly):
    list_display = ("name", "kind", "severities", "enabled")
    # `spec` may hold tokens.
    exclude = ("spec",)


@admin.register(ChannelTrial)
class ChannelTrialAdmin(ReadOnly):
    list_display = ("at", "channel", "by", "outcome", "seconds", "answer")
    list_select_related = ("channel",)


@admin.register(Report)
class ReportAdmin(ReadOnly):
    list_display = ("at", "channel", "event", "by", "outcome")
    list_filter = ("channel",)
    list_select_related = ("channel",)


@admin.register(Delivery)
class DeliveryAdmin(ReadOnly):
    list_display = ("id", "channel", "state", "attempts", "sends", "due_at", "sent_at", "answer")
    list_filter = ("state", "channel")
    list_select_related = ("channel",)


@admin.register(Runbook)
class RunbookAdmin(ReadOnly):
    list_display = ("name", "title", "severity", "owner")


@admin.register(Silence)
class SilenceAdmin(ReadOnly):
    list_display = ("id", "name", "matchers", "start", "end", "rule", "reason", "created_by", "ended_at")
    list_select_related = ("created_by",)


@admin.register(SilenceChange)
class SilenceChangeAdmin(ReadOnly):
    list_display = ("at", "silence", "action", "actor", "by", "reason")
    list_select_related = ("actor",)
