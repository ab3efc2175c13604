"""Features that can be dimmed, and what was done to them."""

from typing import Any

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from alerts.models import Alert
from degradation.rules.criticality import sheddable
from degradation.rules.value import ALL, NONE, Marks
from slo.models import Service


class Flag(models.Model):
    """A feature that can be dimmed. Its safe value is what applications get while it is shed.

    Shares are percentages of targeting keys that are served normally (`degradation.rules.value`).
    """

    class Kind(models.TextChoices):
        BOOLEAN = "boolean"
        DIMMER = "dimmer"

    class Override(models.TextChoices):
        ON = "on"
        OFF = "off"
        DIM = "dim"

    key = models.SlugField(max_length=100, unique=True)
    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="flags")
    description = models.TextField()
    owner = models.CharField(max_length=200, blank=True)
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.BOOLEAN)
    tier = models.PositiveSmallIntegerField(validators=[MinValueValidator(1), MaxValueValidator(4)])
    criticality = models.CharField(max_length=20, default="SHEDDABLE")
    safe_value = models.BooleanField(default=False)
    # A dimmer that is shed keeps serving this share; a flag that does not split is shed and comes back for all at once.
    dim_to = models.PositiveSmallIntegerField(default=NONE)
    splits = models.BooleanField(default=True)
    dry_run = models.BooleanField(default=False)
    # Names of components that have less to do while it is shed; what its absence costs people, and what share of
    # them (0 to 1) is assumed to notice; None where nobody has said.
    protects = models.JSONField(default=list)
    cost = models.TextField(blank=True)
    users = models.FloatField(null=True, blank=True)
    # The objective in whose traffic requests are left undone, and whether its SLI counts them as "failed" or "apart".
    shed_requests = models.JSONField(default=dict)
    # Shed by the loop, why, for which alert, and what share is served meanwhile.
    shed_at = models.DateTimeField(null=True, blank=True)
    shed_by = models.ForeignKey(Alert, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    shed_reason = models.TextField(blank=True)
    shed_to = models.PositiveSmallIntegerField(default=NONE)
    # What a dry run would have done.
    dry_at = models.DateTimeField(null=True, blank=True)
    dry_reason = models.TextField(blank=True)
    # Exercised for a share of the traffic until an instant; `drill` is the drill's number.
    drill = models.CharField(max_length=20, blank=True)
    drill_to = models.PositiveSmallIntegerField(default=ALL)
    drill_until = models.DateTimeField(null=True, blank=True)
    # Forced by a person, until an instant.
    override = models.CharField(max_length=3, choices=Override, blank=True)
    override_to = models.PositiveSmallIntegerField(default=NONE)
    override_at = models.DateTimeField(null=True, blank=True)
    override_until = models.DateTimeField(null=True, blank=True)
    override_reason = models.TextField(blank=True)
    override_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    version = models.BigIntegerField(default=0)

    class Meta:
        ordering = ("-tier", "key")

    def __str__(self) -> str:
        return self.key

    @property
    def sheddable(self) -> bool:
        """May the loop shed it by itself?"""
        return sheddable(self.criticality, self.tier)

    def marks(self) -> Marks:
        """What the pure rule needs to tell the flag's value."""
        return Marks(
            safe=self.safe_value,
            shed=self.shed_at is not None,
            override=self.override,
            until=self.override_until,
            shed_to=self.shed_to,
            override_to=self.override_to,
            splits=self.splits,
            dry=self.dry_at is not None,
            drill=self.drill,
            drill_to=self.drill_to,
            drill_until=self.drill_until,
            dim_to=self.dim_to,
        )


class FlagChange(models.Model):
    """A change of a flag's value, share or override, with who or what did it and why. It outlives its flag.

    `before` and `after` are the values without a targeting key, the shares what is served normally, in percent.
    """

    class Cause(models.TextChoices):
        FORCED = "forced"
        RELEASED = "released"
        EXPIRED = "expired"
        SHED = "shed"
        RAMPED = "ramped"
        RESTORED = "restored"
        REVERTED = "reverted"  # shedding it had no effect
        WOULD_SHED = "would have shed"
        WOULD_RESTORE = "would have restored"
        DRILLED = "drilled"
        DRILL_ENDED = "drill ended"
        DEFINED = "defined"  # its safe value was changed in the catalog
        REMOVED = "removed"  # its document is gone

    flag = models.ForeignKey(Flag, on_delete=models.SET_NULL, null=True, blank=True, related_name="changes")
    key = models.CharField(max_length=100, blank=True, default="", db_index=True)
    at = models.DateTimeField()
    cause = models.CharField(max_length=20, choices=Cause)
    before = models.BooleanField()
    after = models.BooleanField()
    before_share = models.PositiveSmallIntegerField(default=ALL)
    after_share = models.PositiveSmallIntegerField(default=ALL)
    reason = models.TextField()
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    alert = models.ForeignKey(Alert, on_delete=models.SET_NULL, null=True, blank=True, related_name="flag_changes")
    until = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-at", "-id")

    def __str__(self) -> str:
        return f"{self.key}: {self.cause}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keeps the flag's key, by which the row is known when the flag is gone."""
        if self.flag is not None:
            self.key = self.flag.key
        super().save(*args, **kwargs)
