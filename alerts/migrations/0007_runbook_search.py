from django.db import migrations


def fill(apps, schema_editor):
    """What a search looks through, of the runbooks there are; the service keeps it from now on."""
    for book in apps.get_model("alerts", "Runbook").objects.all():
        last = book.versions.order_by("-number").first()
        book.text = "\n".join((book.name, book.title, book.owner, last.body if last else "")).casefold()
        book.save(update_fields=["text"])


class Migration(migrations.Migration):
    dependencies = [("alerts", "0006_runbook_runs")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
