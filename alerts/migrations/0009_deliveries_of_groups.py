import django.db.models.deletion
from django.db import migrations, models


def put_into_groups(apps, schema_editor):
    """What was told of one alert at one channel becomes a group of that alert alone."""
    Delivery, Group = (apps.get_model("alerts", name) for name in ("Delivery", "Group"))
    groups = {}
    rows = Delivery.objects.select_related("transition__alert", "budget_change__objective").order_by("pk")
    for row in rows.iterator(chunk_size=500):
        alert = row.transition.alert if row.transition else None
        at = row.transition.at if row.transition else row.budget_change.at
        name = f"alert {alert.pk}" if alert else f"budget {row.budget_change.objective_id}"
        if (row.channel_id, name) not in groups:
            # A step of a budget is an alert by now, so what was told of it before is history.
            closed = (alert.ended_at if alert.state in ("resolved", "inactive") else None) if alert else at
            groups[row.channel_id, name] = Group.objects.create(
                channel_id=row.channel_id, key=name, opened_at=at, closed_at=closed
            )
            if alert:
                groups[row.channel_id, name].alerts.add(alert)
        row.group, row.owed_at = groups[row.channel_id, name], at
        # The keys of what is on its way stay; one that was used at several channels is told apart by its row.
        if Delivery.objects.filter(dedup_key=row.dedup_key, pk__lt=row.pk).exists():
            row.dedup_key = f"{row.dedup_key[:230]}:{row.pk}"
        if alert:
            row.transitions.add(row.transition)
        elif row.state == "due":
            row.state, row.answer = "dead", "Owed before steps of budgets were alerts: look at the objective"
        row.save(update_fields=["group", "owed_at", "dedup_key", "state", "answer"])
    # PostgreSQL alters no table with checks of rows still to come.
    schema_editor.connection.check_constraints()


class Migration(migrations.Migration):

    dependencies = [
        ('alerts', '0008_silences_and_what_was_done_to_them'),
    ]

    operations = [
        migrations.RemoveConstraint(model_name='delivery', name='one_delivery_a_channel'),
        migrations.RemoveConstraint(model_name='delivery', name='one_budget_delivery_a_channel'),
        migrations.RemoveConstraint(model_name='delivery', name='delivery_of_one_thing'),
        migrations.AddField(
            model_name='delivery',
            name='owed_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.RunPython(put_into_groups, migrations.RunPython.noop),
        migrations.RemoveField(model_name='delivery', name='transition'),
        migrations.RemoveField(model_name='delivery', name='budget_change'),
        migrations.AlterField(
            model_name='delivery',
            name='owed_at',
            field=models.DateTimeField(),
        ),
        migrations.AlterField(
            model_name='delivery',
            name='dedup_key',
            field=models.CharField(max_length=255, unique=True),
        ),
        migrations.AlterField(
            model_name='delivery',
            name='group',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='alerts.group'),
        ),
        migrations.AlterField(
            model_name='delivery',
            name='transitions',
            field=models.ManyToManyField(related_name='deliveries', to='alerts.transition'),
        ),
    ]
