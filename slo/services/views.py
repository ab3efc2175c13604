"""Lists of objectives under a name, kept by people for everybody. Who did what is noted."""

from datetime import datetime

from django.db import IntegrityError, transaction

from slo.errors import DefinitionError, DuplicateKeyError, NotFoundError
from slo.models import ObjectiveView
from slo.services.edits import note

LONGEST_NAME, LONGEST_QUERY, MOST = 60, 2_000, 20
KIND = "View"


def keep(name: str, query: str, at: datetime, *, actor: str) -> ObjectiveView:
    """Keep a list under a name. Raises DefinitionError, and DuplicateKeyError for a name or a list that is kept."""
    name = " ".join(name.replace("\0", "").split())
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise DefinitionError(f"a view has a name of 1 to {LONGEST_NAME} characters", field="name")
    if not query:
        raise DefinitionError("this is the whole list, and that is there already")
    if len(query) > LONGEST_QUERY:
        raise DefinitionError("this list asks for too much to be kept; choose fewer values")
    same = next((each for each in ObjectiveView.objects.all() if each.query == query), None)
    if same is not None:
        raise DuplicateKeyError(f"The view {same.name} asks for just this already")
    if ObjectiveView.objects.count() >= MOST:
        raise DefinitionError(f"{MOST} views are kept already; forget one that nobody needs first")
    try:
        with transaction.atomic():
            view = ObjectiveView.objects.create(name=name, query=query, created_at=at, created_by=actor[:200])
            note(KIND, name, "created", actor, at, query)
    except IntegrityError:
        raise DuplicateKeyError(f"There is a view {name}, or one of this list, already; choose another name") from None
    return view


@transaction.atomic
def forget(pk: int, at: datetime, *, actor: str) -> ObjectiveView:
    """Forget a kept list, and give what it was. Raises NotFoundError, also to the second of two who forget it."""
    view = ObjectiveView.objects.filter(pk=pk).first()
    if view is None or not ObjectiveView.objects.filter(pk=pk).delete()[0]:
        raise NotFoundError(f"There is no view {pk} any more")
    note(KIND, view.name, "deleted", actor, at, view.query)
    return view
