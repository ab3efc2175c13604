"""Lists of objectives that people keep."""

from django.db import models
from django.db.models.functions import Lower


class ObjectiveView(models.Model):
    """A list of objectives under a name, for everybody: `query` is what the address of the list asks for."""

    name = models.CharField(max_length=60)
    query = models.CharField(max_length=2_000, unique=True)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=200)

    class Meta:
        ordering = ("name",)
        constraints = (models.UniqueConstraint(Lower("name"), name="one_view_of_a_name"),)

    def __str__(self) -> str:
        return self.name
