"""What to do when something breaks, and how it was worded when."""

from django.db import models
from django.utils.functional import cached_property


class Runbook(models.Model):
    """What to do when something breaks. The newest version is what people read."""

    name = models.SlugField(max_length=100, unique=True)
    title = models.CharField(max_length=200)
    severity = models.CharField(max_length=20, blank=True)
    owner = models.CharField(max_length=200, blank=True)
    origin = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.title

    @cached_property
    def latest(self) -> "RunbookVersion | None":
        """The newest version; without a query where a selector has prefetched it."""
        return next(iter(self.versions.all()), None)


class RunbookVersion(models.Model):
    """The Markdown of a runbook as it was from `created_at` on, and its title, severity and owner (`meta`) then."""

    runbook = models.ForeignKey(Runbook, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    body = models.TextField()
    meta = models.JSONField(default=dict)
    author = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("-number",)
        constraints = (models.UniqueConstraint(fields=("runbook", "number"), name="one_body_a_version"),)
