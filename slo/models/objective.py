"""Promises: an objective is an SLI, a target and a period."""

from dataclasses import replace
from typing import Any

from django.db import models

from slo.maths.burn import BurnWindow, Minimum, default_windows
from slo.maths.sli import Unit, notes, slices, unit
from slo.maths.slices import Slices
from slo.maths.status import Facts
from slo.maths.windows import Calendar, Period, Rolling
from slo.models.catalog import Component, Service, Source


class BurnPolicy(models.Model):
    """Named burn windows as data: a list of {severity, long, short, factor}, lengths in seconds.

    `timing` is {severity: {"pending", "keep_firing"}} in seconds, where a severity differs from the default.
    `minimum` is {"events", "bad"}, where it differs from `slo.maths.burn.Minimum`.
    """

    name = models.SlugField(max_length=100, unique=True)
    description = models.TextField(blank=True)
    windows = models.JSONField(default=list)
    timing = models.JSONField(default=dict, blank=True)
    minimum = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ("name",)
        verbose_name_plural = "burn policies"

    def __str__(self) -> str:
        return self.name


class Objective(models.Model):
    """A target for an SLI over a period. Without a burn policy the table for periods of its length applies.

    `sli` is {"good" | "bad": query, "total": query, "counter": bool}, with "window": true where the queries leave their
    window open; {"raw": query, "raw_type": "success" | "failure"}; {"query": query, "op": "lt" …, "value": number}; or
    {"probe": check} or {"events": terms} as `slo.openslo.direct` describes them. Counted in slices, it also holds
    "slice", the fields of `slo.maths.slices.Slices`. `period` is {"rolling": seconds} or
    {"calendar": unit, "zone": name}.
    """

    name = models.SlugField(max_length=200, unique=True)
    title = models.CharField(max_length=200, blank=True)
    description = models.TextField(blank=True)
    owner = models.CharField(max_length=200, blank=True)
    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="objectives")
    component = models.ForeignKey(
        Component, on_delete=models.SET_NULL, null=True, blank=True, related_name="objectives"
    )
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="objectives")
    burn_policy = models.ForeignKey(BurnPolicy, on_delete=models.PROTECT, null=True, blank=True)
    runbook = models.SlugField(max_length=100, blank=True)
    target = models.FloatField()
    period = models.JSONField()
    sli = models.JSONField()
    # One objective for each set of these labels is made on the fly, at most so many: its children, which say their set.
    by = models.JSONField(default=list, blank=True)
    by_limit = models.PositiveIntegerField(default=100)
    parent = models.ForeignKey("self", on_delete=models.CASCADE, null=True, blank=True, related_name="children")
    labels = models.JSONField(default=dict, blank=True)
    # When the source last had the set (epoch seconds), and what there is to say about a split.
    last_seen = models.BigIntegerField(null=True, blank=True)
    remark = models.TextField(blank=True)
    # What the SLI is about: an availability objective tells whether a component is up, a latency one how fast it is.
    indicator = models.CharField(max_length=20, default="availability")
    # Where its document lies, and who made it on a page instead.
    file = models.CharField(max_length=500, blank=True, default="")
    made_by = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        ordering = ("service__name", "name")
        constraints = (
            models.CheckConstraint(condition=models.Q(target__gt=0, target__lt=1), name="target_is_a_ratio"),
        )

    def __str__(self) -> str:
        return self.title or self.name

    def span(self) -> Period:
        """The period the promise is made over."""
        period: dict[str, Any] = self.period
        if "calendar" in period:
            return Calendar(period["calendar"], period.get("zone", "UTC"))
        return Rolling(period["rolling"])

    def policy(self) -> tuple[BurnWindow, ...]:
        """The burn windows that judge this objective."""
        if self.burn_policy is None:
            return default_windows(self.span().seconds)
        return tuple(BurnWindow(**window) for window in self.burn_policy.windows)

    def minimum(self) -> Minimum:
        """The fewest events on which its burn windows may alert."""
        # Time passes however little happens.
        default = Minimum() if self.unit() == "events" else Minimum(0, 0)
        return replace(default, **self.burn_policy.minimum) if self.burn_policy else default

    def unit(self) -> Unit:
        """What its figures count."""
        return unit(self.sli)

    def slices(self) -> Slices | None:
        """The time slices it is counted in, if it is."""
        return slices(self.sli)

    def facts(self) -> Facts:
        """What the pure judgement needs to know. Reads the related service and burn policy."""
        return Facts(
            self.name,
            self.service.name,
            str(self),
            self.target,
            self.span(),
            self.policy(),
            self.minimum(),
            unit=self.unit(),
            notes=notes(self.sli),
            labels=self.labels,
        )
