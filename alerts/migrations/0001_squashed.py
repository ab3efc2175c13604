import alerts.models.delivery
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    replaces = [
        ("alerts", "0001_initial"),
        ("alerts", "0002_evaluation_runbookversion_meta_and_more"),
        ("alerts", "0003_budget_steps"),
        ("alerts", "0004_groups_and_circuits_of_channels"),
        ("alerts", "0005_alerts_of_every_kind"),
        ("alerts", "0006_runbook_runs"),
        ("alerts", "0007_runbook_search"),
        ("alerts", "0008_silences_and_what_was_done_to_them"),
        ("alerts", "0009_deliveries_of_groups"),
        ("alerts", "0010_tests_and_reports_of_channels"),
    ]

    initial = True

    dependencies = [
        ('slo', '0001_squashed'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Channel',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.SlugField(max_length=100, unique=True)),
                ('kind', models.CharField(max_length=20)),
                ('description', models.TextField(blank=True)),
                ('spec', models.JSONField(default=dict)),
                ('severities', models.JSONField(default=list)),
                ('match', models.JSONField(default=list)),
                ('after', models.PositiveIntegerField(default=0)),
                ('remind', models.PositiveIntegerField(default=0)),
                ('group_by', models.JSONField(default=alerts.models.delivery.by_service)),
                ('group_wait', models.PositiveIntegerField(default=0)),
                ('enabled', models.BooleanField(default=True)),
            ],
            options={
                'ordering': ('name',),
            },
        ),
        migrations.CreateModel(
            name='Evaluation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='Runbook',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.SlugField(max_length=100, unique=True)),
                ('title', models.CharField(max_length=200)),
                ('severity', models.CharField(blank=True, max_length=20)),
                ('owner', models.CharField(blank=True, max_length=200)),
                ('origin', models.CharField(blank=True, max_length=500)),
                ('file', models.CharField(blank=True, max_length=500)),
                ('covers', models.JSONField(blank=True, default=list)),
                ('text', models.TextField(blank=True, editable=False)),
            ],
            options={
                'ordering': ('name',),
            },
        ),
        migrations.CreateModel(
            name='Alert',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('burn', 'Burn'), ('no-data', 'No Data'), ('completeness', 'Completeness'), ('budget', 'Budget'), ('source', 'Source'), ('delivery', 'Delivery'), ('shedding', 'Shedding')], default='burn', max_length=20)),
                ('subject', models.CharField(max_length=200)),
                ('title', models.CharField(blank=True, max_length=200)),
                ('severity', models.CharField(max_length=20)),
                ('runbook', models.SlugField(blank=True, max_length=100)),
                ('state', models.CharField(choices=[('inactive', 'Inactive'), ('pending', 'Pending'), ('firing', 'Firing'), ('resolved', 'Resolved')], max_length=20)),
                ('opened_at', models.DateTimeField()),
                ('fired_at', models.DateTimeField(null=True)),
                ('ended_at', models.DateTimeField(null=True)),
                ('quiet_since', models.DateTimeField(null=True)),
                ('figures', models.JSONField(default=dict)),
                ('acknowledged_at', models.DateTimeField(null=True)),
                ('acknowledged_via', models.CharField(blank=True, max_length=200)),
                ('acknowledgement', models.TextField(blank=True)),
                ('told_at', models.DateTimeField(null=True)),
                ('flapping_since', models.DateTimeField(null=True)),
                ('spent', models.FloatField(null=True)),
                ('acknowledged_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='acknowledged_alerts', to=settings.AUTH_USER_MODEL)),
                ('inhibited_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='inhibits', to='alerts.alert')),
                ('objective', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='alerts', to='slo.objective')),
                ('service', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='alerts', to='slo.service')),
            ],
            options={
                'ordering': ('-opened_at',),
            },
        ),
        migrations.CreateModel(
            name='BudgetChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('policy', models.CharField(max_length=100)),
                ('before', models.CharField(blank=True, max_length=20)),
                ('after', models.CharField(blank=True, max_length=20)),
                ('level', models.FloatField(null=True)),
                ('remaining', models.FloatField(null=True)),
                ('text', models.TextField(blank=True)),
                ('objective', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='budget_changes', to='slo.objective')),
            ],
            options={
                'ordering': ('at', 'id'),
            },
        ),
        migrations.CreateModel(
            name='ChannelCircuit',
            fields=[
                ('channel', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='circuit', serialize=False, to='alerts.channel')),
                ('failures', models.PositiveIntegerField(default=0)),
                ('openings', models.PositiveIntegerField(default=0)),
                ('opened_at', models.DateTimeField(null=True)),
                ('resume_at', models.DateTimeField(null=True)),
                ('accepted_at', models.DateTimeField(null=True)),
                ('failed_at', models.DateTimeField(null=True)),
                ('answer', models.TextField(blank=True)),
            ],
        ),
        migrations.CreateModel(
            name='ChannelTrial',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('by', models.CharField(max_length=200)),
                ('outcome', models.CharField(blank=True, max_length=20)),
                ('answer', models.TextField(blank=True)),
                ('seconds', models.FloatField(null=True)),
                ('channel', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='trials', to='alerts.channel')),
            ],
            options={
                'ordering': ('-at', '-id'),
            },
        ),
        migrations.CreateModel(
            name='Group',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=255)),
                ('labels', models.JSONField(default=dict)),
                ('opened_at', models.DateTimeField()),
                ('closed_at', models.DateTimeField(null=True)),
                ('alerts', models.ManyToManyField(related_name='groups', to='alerts.alert')),
                ('channel', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='groups', to='alerts.channel')),
            ],
            options={
                'ordering': ('-opened_at', '-id'),
            },
        ),
        migrations.CreateModel(
            name='Report',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=255)),
                ('event', models.CharField(max_length=100)),
                ('by', models.CharField(blank=True, max_length=200)),
                ('at', models.DateTimeField()),
                ('said_at', models.DateTimeField()),
                ('subject', models.CharField(blank=True, max_length=255)),
                ('outcome', models.CharField(max_length=500)),
                ('alerts', models.ManyToManyField(related_name='reports', to='alerts.alert')),
                ('channel', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='reports', to='alerts.channel')),
            ],
            options={
                'ordering': ('-at', '-id'),
            },
        ),
        migrations.CreateModel(
            name='RunbookRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100)),
                ('title', models.CharField(max_length=200)),
                ('number', models.PositiveIntegerField()),
                ('body', models.TextField()),
                ('started_at', models.DateTimeField()),
                ('started_by', models.CharField(blank=True, max_length=200)),
                ('finished_at', models.DateTimeField(null=True)),
                ('finished_by', models.CharField(blank=True, max_length=200)),
                ('outcome', models.TextField(blank=True)),
                ('alert', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='runs', to='alerts.alert')),
                ('runbook', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='runs', to='alerts.runbook')),
            ],
            options={
                'ordering': ('-started_at', '-id'),
            },
        ),
        migrations.CreateModel(
            name='RunbookVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('body', models.TextField()),
                ('meta', models.JSONField(default=dict)),
                ('author', models.CharField(blank=True, max_length=200)),
                ('comment', models.TextField(blank=True)),
                ('file', models.CharField(blank=True, max_length=500)),
                ('created_at', models.DateTimeField()),
                ('runbook', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='versions', to='alerts.runbook')),
            ],
            options={
                'ordering': ('-number',),
            },
        ),
        migrations.CreateModel(
            name='Silence',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.SlugField(blank=True, max_length=100, null=True, unique=True)),
                ('matchers', models.JSONField(default=list)),
                ('start', models.DateTimeField()),
                ('end', models.DateTimeField()),
                ('rule', models.CharField(blank=True, max_length=300)),
                ('zone', models.CharField(default='UTC', max_length=64)),
                ('reason', models.TextField()),
                ('by', models.CharField(blank=True, max_length=200)),
                ('created_at', models.DateTimeField()),
                ('cut_until', models.DateTimeField(blank=True, null=True)),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('ended_via', models.CharField(blank=True, max_length=200)),
                ('ended_reason', models.TextField(blank=True)),
                ('created_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('ended_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('-start', '-pk'),
            },
        ),
        migrations.AddField(
            model_name='alert',
            name='silence',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='alerts', to='alerts.silence'),
        ),
        migrations.CreateModel(
            name='SilenceChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('silence', models.BigIntegerField(db_index=True)),
                ('at', models.DateTimeField()),
                ('action', models.CharField(choices=[('created', 'Created'), ('changed', 'Changed'), ('cut short', 'Cut'), ('ended', 'Ended'), ('deleted', 'Deleted')], max_length=10)),
                ('state', models.JSONField()),
                ('by', models.CharField(blank=True, max_length=200)),
                ('reason', models.TextField(blank=True)),
                ('actor', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('-at', '-pk'),
            },
        ),
        migrations.CreateModel(
            name='StepTick',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('step', models.CharField(blank=True, max_length=40)),
                ('done', models.BooleanField(null=True)),
                ('at', models.DateTimeField()),
                ('by', models.CharField(blank=True, max_length=200)),
                ('note', models.TextField(blank=True)),
                ('run', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='ticks', to='alerts.runbookrun')),
                ('user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('at', 'id'),
            },
        ),
        migrations.CreateModel(
            name='Transition',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('state', 'State'), ('acknowledgement', 'Acknowledgement'), ('silence', 'Silence'), ('inhibition', 'Inhibition'), ('escalation', 'Escalation'), ('reminder', 'Reminder'), ('flapping', 'Flapping'), ('runbook', 'Runbook'), ('delivery', 'Delivery')], default='state', max_length=20)),
                ('at', models.DateTimeField()),
                ('before', models.CharField(max_length=20)),
                ('after', models.CharField(max_length=20)),
                ('cause', models.TextField()),
                ('via', models.CharField(blank=True, max_length=200)),
                ('channels', models.JSONField(blank=True, default=list)),
                ('actor', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, to=settings.AUTH_USER_MODEL)),
                ('alert', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='transitions', to='alerts.alert')),
            ],
            options={
                'ordering': ('at', 'id'),
            },
        ),
        migrations.CreateModel(
            name='Delivery',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('dedup_key', models.CharField(max_length=255, unique=True)),
                ('state', models.CharField(choices=[('due', 'Due'), ('sent', 'Sent'), ('dead', 'Dead')], default='due', max_length=10)),
                ('owed_at', models.DateTimeField()),
                ('due_at', models.DateTimeField()),
                ('leased_until', models.DateTimeField(null=True)),
                ('attempts', models.PositiveIntegerField(default=0)),
                ('sends', models.PositiveIntegerField(default=0)),
                ('sent_at', models.DateTimeField(null=True)),
                ('answer', models.TextField(blank=True)),
                ('channel', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='alerts.channel')),
                ('group', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='alerts.group')),
                ('transitions', models.ManyToManyField(related_name='deliveries', to='alerts.transition')),
            ],
            options={
                'verbose_name_plural': 'deliveries',
                'ordering': ('id',),
            },
        ),
        migrations.AddConstraint(
            model_name='group',
            constraint=models.UniqueConstraint(condition=models.Q(('closed_at', None)), fields=('channel', 'key'), name='one_open_group'),
        ),
        migrations.AddConstraint(
            model_name='report',
            constraint=models.UniqueConstraint(fields=('channel', 'key'), name='one_report_a_key'),
        ),
        migrations.AddIndex(
            model_name='runbookrun',
            index=models.Index(fields=['name', 'finished_at'], name='alerts_runb_name_f0b02f_idx'),
        ),
        migrations.AddConstraint(
            model_name='runbookrun',
            constraint=models.UniqueConstraint(condition=models.Q(('finished_at', None)), fields=('alert', 'name'), name='one_open_run_an_alert'),
        ),
        migrations.AddConstraint(
            model_name='runbookversion',
            constraint=models.UniqueConstraint(fields=('runbook', 'number'), name='one_body_a_version'),
        ),
        migrations.AddConstraint(
            model_name='silence',
            constraint=models.CheckConstraint(condition=models.Q(('end__gt', models.F('start'))), name='silence_has_length'),
        ),
        migrations.AddIndex(
            model_name='alert',
            index=models.Index(fields=['kind', 'subject', 'severity', 'opened_at'], name='episodes_of_an_alert'),
        ),
        migrations.AddConstraint(
            model_name='alert',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ('pending', 'firing'))), fields=('kind', 'subject', 'severity'), name='one_open_alert_of_a_kind'),
        ),
        migrations.AddConstraint(
            model_name='transition',
            constraint=models.UniqueConstraint(condition=models.Q(('before', models.F('after')), _negated=True), fields=('alert', 'after'), name='one_change_to_a_state'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(fields=['state', 'due_at'], name='alerts_deli_state_8c7614_idx'),
        ),
    ]
