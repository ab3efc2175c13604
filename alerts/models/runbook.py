"""What to do when something breaks, how it was worded when, and who did it."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.functional import cached_property

from alerts.models.alert import Alert


class Runbook(models.Model):
    """What to do when something breaks. The newest version is what people read.

    `file` is the file it was last applied from, empty if it was written on the page; `origin` the address where it
    is discussed. `covers` names failure modes it is for, as `component/orders` or `capability/order-tracking`.
    """

    name = models.SlugField(max_length=100, unique=True)
    title = models.CharField(max_length=200)
    severity = models.CharField(max_length=20, blank=True)
    owner = models.CharField(max_length=200, blank=True)
    origin = models.CharField(max_length=500, blank=True)
    file = models.CharField(max_length=500, blank=True)
    covers = models.JSONField(default=list, blank=True)
    # Name, title, owner and the newest body, case folded: what a search looks through, in one column.
    text = models.TextField(blank=True, editable=False)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.title

    @cached_property
    def latest(self) -> "RunbookVersion | None":
        """The newest version; without a query where a selector has prefetched it."""
        return next(iter(self.versions.all()), None)


class RunbookVersion(models.Model):
    """The Markdown of a runbook as it was from `created_at` on, and its title, severity and owner (`meta`) then.

    `file` is where it was applied from, empty for a version written on the page, with a `comment` that says why.
    """

    runbook = models.ForeignKey(Runbook, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    body = models.TextField()
    meta = models.JSONField(default=dict)
    author = models.CharField(max_length=200, blank=True)
    comment = models.TextField(blank=True)
    file = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("-number",)
        constraints = (models.UniqueConstraint(fields=("runbook", "number"), name="one_body_a_version"),)


class RunbookRun(models.Model):
    """Somebody works through a runbook, for an alert or as an exercise.

    It keeps the words it was started with: neither a later version nor the end of the runbook changes its steps.
    """

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, null=True, related_name="runs")
    runbook = models.ForeignKey(Runbook, on_delete=models.SET_NULL, null=True, related_name="runs")
    name = models.CharField(max_length=100)
    title = models.CharField(max_length=200)
    number = models.PositiveIntegerField()
    body = models.TextField()
    started_at = models.DateTimeField()
    started_by = models.CharField(max_length=200, blank=True)
    finished_at = models.DateTimeField(null=True)
    finished_by = models.CharField(max_length=200, blank=True)
    outcome = models.TextField(blank=True)

    class Meta:
        ordering = ("-started_at", "-id")
        constraints = (
            models.UniqueConstraint(
                fields=("alert", "name"), condition=Q(finished_at=None), name="one_open_run_an_alert"
            ),
        )
        indexes = (models.Index(fields=("name", "finished_at")),)

    def __str__(self) -> str:
        return self.title


class StepTick(models.Model):
    """One act in a run: a step ticked (`done`), un-ticked, or only noted something about (`done` is None).

    Rows are added and never changed, so two people at once lose nothing; the last one with `done` says how a step
    stands. An empty `step` notes something about the run as a whole.
    """

    run = models.ForeignKey(RunbookRun, on_delete=models.CASCADE, related_name="ticks")
    step = models.CharField(max_length=40, blank=True)
    done = models.BooleanField(null=True)
    at = models.DateTimeField()
    by = models.CharField(max_length=200, blank=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    note = models.TextField(blank=True)

    class Meta:
        ordering = ("at", "id")
