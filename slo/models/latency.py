"""How long a component takes at present."""

from django.db import models

from slo.models.catalog import Component


class ComponentLatency(models.Model):
    """A component's latency over the last minutes, as of `at`: seconds, None where nothing is known.

    `…_beyond`: it is more than that, the highest boundary of the histogram. `cursor` is what the source needs to go on.
    """

    component = models.OneToOneField(Component, on_delete=models.CASCADE, primary_key=True, related_name="latency")
    at = models.DateTimeField()
    events = models.FloatField(default=0)
    p50 = models.FloatField(null=True)
    p50_beyond = models.BooleanField(default=False)
    p99 = models.FloatField(null=True)
    p99_beyond = models.BooleanField(default=False)
    problem = models.TextField(blank=True)
    cursor = models.JSONField(default=dict)
