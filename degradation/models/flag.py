"""Features that can be dimmed, and what was done to them."""

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from alerts.models import Alert
from degradation.rules.value import Marks
from slo.models import Service


class Flag(models.Model):
    """A feature that can be dimmed. Its safe value is what applications get while it is shed."""

    class Override(models.TextChoices):
        ON = "on"
        OFF = "off"

    key = models.SlugField(max_length=100, unique=True)
    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="flags")
    description = models.TextField()
    owner = models.CharField(max_length=200, blank=True)
    tier = models.PositiveSmallIntegerField(validators=[MinValueValidator(1), MaxValueValidator(4)])
    safe_value = models.BooleanField(default=False)
    # Shed by the loop, why, and for which alert.
    shed_at = models.DateTimeField(null=True, blank=True)
    shed_by = models.ForeignKey(Alert, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    shed_reason = models.TextField(blank=True)
    # Forced by a person, until an instant.
    override = models.CharField(max_length=3, choices=Override, blank=True)
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

    def marks(self) -> Marks:
        """What the pure rule needs to tell the flag's value."""
        return Marks(self.safe_value, self.shed_at is not None, self.override, self.override_until)


class FlagChange(models.Model):
    """A change of a flag's value or override, with who or what did it and why."""

    class Cause(models.TextChoices):
        FORCED = "forced"
        RELEASED = "released"
        EXPIRED = "expired"
        SHED = "shed"
        RESTORED = "restored"
        DEFINED = "defined"  # its safe value was changed in the catalog

    flag = models.ForeignKey(Flag, on_delete=models.CASCADE, related_name="changes")
    at = models.DateTimeField()
    cause = models.CharField(max_length=10, choices=Cause)
    before = models.BooleanField()
    after = models.BooleanField()
    reason = models.TextField()
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    alert = models.ForeignKey(Alert, on_delete=models.SET_NULL, null=True, blank=True, related_name="flag_changes")
    until = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-at", "-id")
