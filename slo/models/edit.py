"""Who changed on a page what is otherwise declared in files."""

from django.db import models


class Edit(models.Model):
    """Something was made, changed or deleted by a person. `text` is its YAML afterwards, of a deleted one the last.

    `kind` is that of the document; tokens and people, which have none, are told by a sentence in `text`.
    """

    at = models.DateTimeField()
    kind = models.CharField(max_length=40)
    name = models.CharField(max_length=200)
    action = models.CharField(max_length=20)
    actor = models.CharField(max_length=200)
    text = models.TextField(blank=True)

    class Meta:
        ordering = ("-at", "-pk")
        indexes = (models.Index(fields=["kind", "name", "-at"]),)
