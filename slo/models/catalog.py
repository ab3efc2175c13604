"""What is watched: services, the components they are built from, and where measurements come from."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models


class Service(models.Model):
    """Something a team runs and makes promises about."""

    name = models.SlugField(max_length=100, unique=True)
    title = models.CharField(max_length=200, blank=True)
    description = models.TextField(blank=True)
    owner = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.title or self.name


class Component(models.Model):
    """A part that can be up or down on its own. Tier 1 is critical, 4 has no real-time impact."""

    name = models.SlugField(max_length=100, unique=True)
    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="components")
    title = models.CharField(max_length=200, blank=True)
    description = models.TextField(blank=True)
    owner = models.CharField(max_length=200, blank=True)
    tier = models.PositiveSmallIntegerField(validators=[MinValueValidator(1), MaxValueValidator(4)])
    # Shares of bad events over the last five minutes from which the component counts as slow or failing, and as down.
    warn_ratio = models.FloatField(default=0.05)
    down_ratio = models.FloatField(default=0.5)
    # The availability that is promised of it, the one its provider publishes, and the seconds a repair takes (MTTR).
    target = models.FloatField(null=True, blank=True)
    sla = models.FloatField(null=True, blank=True)
    repair = models.BigIntegerField(null=True, blank=True)
    # What it needs to work: a list of {"component": name, "kind": "hard" | "soft"}.
    needs = models.JSONField(default=list, blank=True)
    # The histogram of its latency (base name with labels, in seconds), where its latency objectives do not name it.
    latency_source = models.ForeignKey("Source", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    latency_histogram = models.TextField(blank=True)

    class Meta:
        ordering = ("tier", "name")

    def __str__(self) -> str:
        return self.title or self.name


class Source(models.Model):
    """Where objectives are measured: `kind` names the adapter, `spec` is what it needs to connect."""

    class Kind(models.TextChoices):
        PROMETHEUS = "prometheus"
        SCRAPE = "scrape"
        PROBE = "probe"
        EVENTS = "events"

    name = models.SlugField(max_length=100, unique=True)
    title = models.CharField(max_length=200, blank=True)
    kind = models.CharField(max_length=20, choices=Kind)
    description = models.TextField(blank=True)
    spec = models.JSONField(default=dict)
    # Where its document lies, and who made it on a page instead.
    file = models.CharField(max_length=500, blank=True, default="")
    made_by = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.title or self.name
