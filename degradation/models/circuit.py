"""Circuits of components: their settings, where they stand, what changed them, and what clients report of theirs."""

from django.conf import settings
from django.db import models

from degradation.rules.circuit import Settings, State
from slo.models import Component


class CircuitSettings(models.Model):
    """A component's settings as its document says them: `spec` holds fields of `degradation.rules.circuit.Settings`.

    `name` is the component's. Without such a row the defaults apply.
    """

    name = models.SlugField(max_length=100, unique=True)
    component = models.OneToOneField(Component, on_delete=models.CASCADE, related_name="circuit_settings")
    description = models.TextField(blank=True)
    spec = models.JSONField(default=dict)

    class Meta:
        ordering = ("name",)
        verbose_name_plural = "circuit settings"

    def __str__(self) -> str:
        return self.name


class Circuit(models.Model):
    """Where a component's circuit stands: `state` holds the fields of `degradation.rules.circuit.State`.

    `reason` and `actor` are those of the last change. `version` moves with every change, by compare-and-set.
    """

    component = models.OneToOneField(Component, on_delete=models.CASCADE, primary_key=True, related_name="circuit")
    state = models.JSONField(default=dict)
    reason = models.TextField(blank=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    version = models.BigIntegerField(default=0)

    class Meta:
        ordering = ("component__tier", "component__name")

    def __str__(self) -> str:
        return f"the circuit of {self.component}"

    def standing(self) -> State:
        """The state as the pure rule knows it."""
        return State.of(self.state)

    def settings(self) -> Settings:
        """What its document says, and the defaults. Reads the component and its settings."""
        said = getattr(self.component, "circuit_settings", None)
        return Settings.of(said.spec if said else {})


class CircuitChange(models.Model):
    """A change of a circuit's phase, with who or what did it and why."""

    class Cause(models.TextChoices):
        TRAFFIC = "traffic"
        TIME = "time"
        FORCED = "forced"
        RELEASED = "released"
        EXPIRED = "expired"

    circuit = models.ForeignKey(Circuit, on_delete=models.CASCADE, related_name="changes")
    at = models.DateTimeField()
    cause = models.CharField(max_length=10, choices=Cause)
    before = models.CharField(max_length=20)
    after = models.CharField(max_length=20)
    reason = models.TextField()
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    until = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-at", "-id")


class CircuitReport(models.Model):
    """What a client last said of its own circuit for a component. `reporter` is the token it came with.

    `at` is when the client says it was so, never later than `received_at`; `counters` are its calls of late.
    """

    component = models.ForeignKey(Component, on_delete=models.CASCADE, related_name="circuit_reports")
    reporter = models.CharField(max_length=100)
    client = models.CharField(max_length=200)
    phase = models.CharField(max_length=20)
    counters = models.JSONField(default=dict)
    at = models.DateTimeField(db_index=True)
    received_at = models.DateTimeField()

    class Meta:
        ordering = ("client",)
        constraints = (
            models.UniqueConstraint(fields=["component", "reporter", "client"], name="one_circuit_report_a_client"),
        )
