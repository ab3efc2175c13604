"""What the system can still do for its users."""

from django.db import models

from slo.models import Service


class Capability(models.Model):
    """Something users can do, with its modes in order of preference.

    `modes` is a list of {"name", "when": structure expression or absent for the last resort, "healthy", "degraded",
    "harms", "message", "link", "handover"}; the first whose expression holds is the present one
    (`degradation.rules.modes`).
    """

    name = models.SlugField(max_length=100, unique=True)
    title = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="capabilities")
    position = models.PositiveSmallIntegerField(default=0)
    modes = models.JSONField(default=list)
    # After so many seconds in a mode that harms users a banner goes up by itself; None: never. Without a text of its
    # own it says what the mode says.
    banner_after = models.PositiveIntegerField(null=True, default=300)
    banner_text = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ("position", "name")
        verbose_name_plural = "capabilities"

    def __str__(self) -> str:
        return self.title or self.name


class CapabilityStanding(models.Model):
    """The mode a capability was in when it was judged last, and since when; moved by compare-and-set on `version`.

    `harmed_since` is since when users have been harmed without a break; what is not known leaves it as it is.
    """

    capability = models.OneToOneField(Capability, on_delete=models.CASCADE, primary_key=True, related_name="standing")
    mode = models.CharField(max_length=100)
    state = models.CharField(max_length=20)
    harms = models.BooleanField(default=False)
    because = models.JSONField(default=list)
    since = models.DateTimeField()
    harmed_since = models.DateTimeField(null=True)
    version = models.BigIntegerField(default=0)


class CapabilityChange(models.Model):
    """A change of a capability's mode or state, with the components that brought it about."""

    capability = models.ForeignKey(Capability, on_delete=models.CASCADE, related_name="changes")
    at = models.DateTimeField()
    mode = models.CharField(max_length=100)
    state = models.CharField(max_length=20)
    harms = models.BooleanField()
    because = models.JSONField(default=list)

    class Meta:
        ordering = ("-at", "-id")
