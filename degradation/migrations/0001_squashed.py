import django.core.validators
import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    replaces = [
        ("degradation", "0001_initial"),
        ("degradation", "0002_flag_override_at_flag_shed_reason_and_more"),
        ("degradation", "0003_dimmers_steps_drills"),
        ("degradation", "0004_circuits"),
        ("degradation", "0005_capabilities_judged"),
        ("degradation", "0006_incidents"),
    ]

    initial = True

    dependencies = [
        ('alerts', '0001_squashed'),
        ('slo', '0001_squashed'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Automation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('automatic', models.BooleanField(default=False)),
                ('dry_run', models.BooleanField(default=False)),
                ('version', models.BigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name='Capability',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.SlugField(max_length=100, unique=True)),
                ('title', models.CharField(max_length=200)),
                ('description', models.TextField(blank=True)),
                ('position', models.PositiveSmallIntegerField(default=0)),
                ('modes', models.JSONField(default=list)),
                ('banner_after', models.PositiveIntegerField(default=300, null=True)),
                ('banner_text', models.CharField(blank=True, max_length=500)),
                ('service', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='capabilities', to='slo.service')),
            ],
            options={
                'verbose_name_plural': 'capabilities',
                'ordering': ('position', 'name'),
            },
        ),
        migrations.CreateModel(
            name='SheddingPolicy',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.SlugField(max_length=100, unique=True)),
                ('description', models.TextField(blank=True)),
                ('services', models.JSONField(default=list)),
                ('spec', models.JSONField(default=dict)),
                ('actions', models.JSONField(default=list)),
                ('drills', models.JSONField(default=list)),
            ],
            options={
                'verbose_name_plural': 'shedding policies',
                'ordering': ('name',),
            },
        ),
        migrations.CreateModel(
            name='AutomationChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('automatic', models.BooleanField()),
                ('dry_run', models.BooleanField()),
                ('reason', models.TextField()),
                ('actor', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('-at', '-id'),
            },
        ),
        migrations.CreateModel(
            name='CapabilityStanding',
            fields=[
                ('capability', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='standing', serialize=False, to='degradation.capability')),
                ('mode', models.CharField(max_length=100)),
                ('state', models.CharField(max_length=20)),
                ('harms', models.BooleanField(default=False)),
                ('because', models.JSONField(default=list)),
                ('since', models.DateTimeField()),
                ('harmed_since', models.DateTimeField(null=True)),
                ('version', models.BigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name='CapabilityChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('mode', models.CharField(max_length=100)),
                ('state', models.CharField(max_length=20)),
                ('harms', models.BooleanField()),
                ('because', models.JSONField(default=list)),
                ('capability', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='changes', to='degradation.capability')),
            ],
            options={
                'ordering': ('-at', '-id'),
            },
        ),
        migrations.CreateModel(
            name='Circuit',
            fields=[
                ('component', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='circuit', serialize=False, to='slo.component')),
                ('state', models.JSONField(default=dict)),
                ('reason', models.TextField(blank=True)),
                ('version', models.BigIntegerField(default=0)),
                ('actor', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('component__tier', 'component__name'),
            },
        ),
        migrations.CreateModel(
            name='CircuitChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('cause', models.CharField(choices=[('traffic', 'Traffic'), ('time', 'Time'), ('forced', 'Forced'), ('released', 'Released'), ('expired', 'Expired')], max_length=10)),
                ('before', models.CharField(max_length=20)),
                ('after', models.CharField(max_length=20)),
                ('reason', models.TextField()),
                ('until', models.DateTimeField(blank=True, null=True)),
                ('actor', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('circuit', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='changes', to='degradation.circuit')),
            ],
            options={
                'ordering': ('-at', '-id'),
            },
        ),
        migrations.CreateModel(
            name='CircuitSettings',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.SlugField(max_length=100, unique=True)),
                ('description', models.TextField(blank=True)),
                ('spec', models.JSONField(default=dict)),
                ('component', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='circuit_settings', to='slo.component')),
            ],
            options={
                'verbose_name_plural': 'circuit settings',
                'ordering': ('name',),
            },
        ),
        migrations.CreateModel(
            name='Flag',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.SlugField(max_length=100, unique=True)),
                ('description', models.TextField()),
                ('owner', models.CharField(blank=True, max_length=200)),
                ('kind', models.CharField(choices=[('boolean', 'Boolean'), ('dimmer', 'Dimmer')], default='boolean', max_length=10)),
                ('tier', models.PositiveSmallIntegerField(validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(4)])),
                ('criticality', models.CharField(default='SHEDDABLE', max_length=20)),
                ('safe_value', models.BooleanField(default=False)),
                ('dim_to', models.PositiveSmallIntegerField(default=0)),
                ('splits', models.BooleanField(default=True)),
                ('dry_run', models.BooleanField(default=False)),
                ('protects', models.JSONField(default=list)),
                ('cost', models.TextField(blank=True)),
                ('users', models.FloatField(blank=True, null=True)),
                ('shed_requests', models.JSONField(default=dict)),
                ('shed_at', models.DateTimeField(blank=True, null=True)),
                ('shed_reason', models.TextField(blank=True)),
                ('shed_to', models.PositiveSmallIntegerField(default=0)),
                ('dry_at', models.DateTimeField(blank=True, null=True)),
                ('dry_reason', models.TextField(blank=True)),
                ('drill', models.CharField(blank=True, max_length=20)),
                ('drill_to', models.PositiveSmallIntegerField(default=100)),
                ('drill_until', models.DateTimeField(blank=True, null=True)),
                ('override', models.CharField(blank=True, choices=[('on', 'On'), ('off', 'Off'), ('dim', 'Dim')], max_length=3)),
                ('override_to', models.PositiveSmallIntegerField(default=0)),
                ('override_at', models.DateTimeField(blank=True, null=True)),
                ('override_until', models.DateTimeField(blank=True, null=True)),
                ('override_reason', models.TextField(blank=True)),
                ('version', models.BigIntegerField(default=0)),
                ('override_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('service', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='flags', to='slo.service')),
                ('shed_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='alerts.alert')),
            ],
            options={
                'ordering': ('-tier', 'key'),
            },
        ),
        migrations.CreateModel(
            name='FlagChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(blank=True, db_index=True, default='', max_length=100)),
                ('at', models.DateTimeField()),
                ('cause', models.CharField(choices=[('forced', 'Forced'), ('released', 'Released'), ('expired', 'Expired'), ('shed', 'Shed'), ('ramped', 'Ramped'), ('restored', 'Restored'), ('reverted', 'Reverted'), ('would have shed', 'Would Shed'), ('would have restored', 'Would Restore'), ('drilled', 'Drilled'), ('drill ended', 'Drill Ended'), ('defined', 'Defined'), ('removed', 'Removed')], max_length=20)),
                ('before', models.BooleanField()),
                ('after', models.BooleanField()),
                ('before_share', models.PositiveSmallIntegerField(default=100)),
                ('after_share', models.PositiveSmallIntegerField(default=100)),
                ('reason', models.TextField()),
                ('until', models.DateTimeField(blank=True, null=True)),
                ('actor', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('alert', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='flag_changes', to='alerts.alert')),
                ('flag', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='changes', to='degradation.flag')),
            ],
            options={
                'ordering': ('-at', '-id'),
            },
        ),
        migrations.CreateModel(
            name='Incident',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('title', models.CharField(max_length=200)),
                ('impact', models.CharField(choices=[('none', 'None'), ('minor', 'Minor'), ('major', 'Major'), ('critical', 'Critical'), ('maintenance', 'Maintenance')], max_length=20)),
                ('state', models.CharField(choices=[('investigating', 'Investigating'), ('identified', 'Identified'), ('monitoring', 'Monitoring'), ('resolved', 'Resolved')], max_length=20)),
                ('opened_at', models.DateTimeField()),
                ('updated_at', models.DateTimeField()),
                ('resolved_at', models.DateTimeField(blank=True, null=True)),
                ('alert', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='incidents', to='alerts.alert')),
                ('capabilities', models.ManyToManyField(blank=True, related_name='incidents', to='degradation.capability')),
            ],
            options={
                'ordering': ('-opened_at', '-id'),
            },
        ),
        migrations.CreateModel(
            name='IncidentUpdate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('state', models.CharField(choices=[('investigating', 'Investigating'), ('identified', 'Identified'), ('monitoring', 'Monitoring'), ('resolved', 'Resolved')], max_length=20)),
                ('impact', models.CharField(choices=[('none', 'None'), ('minor', 'Minor'), ('major', 'Major'), ('critical', 'Critical'), ('maintenance', 'Maintenance')], max_length=20)),
                ('text', models.TextField()),
                ('by', models.CharField(max_length=200)),
                ('incident', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='updates', to='degradation.incident')),
                ('user', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('-at', '-id'),
            },
        ),
        migrations.CreateModel(
            name='ShedCount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('minute', models.DateTimeField()),
                ('requests', models.FloatField(default=0)),
                ('flag', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='shed_counts', to='degradation.flag')),
            ],
        ),
        migrations.CreateModel(
            name='Shedding',
            fields=[
                ('service', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='shedding', serialize=False, to='slo.service')),
                ('state', models.JSONField(default=dict)),
                ('version', models.BigIntegerField(default=0)),
                ('decided_at', models.DateTimeField(null=True)),
                ('reason', models.TextField(blank=True)),
                ('policy', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='sheddings', to='degradation.sheddingpolicy')),
            ],
        ),
        migrations.CreateModel(
            name='ShedReport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('instance', models.CharField(max_length=200)),
                ('total', models.FloatField()),
                ('at', models.DateTimeField()),
                ('flag', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='shed_reports', to='degradation.flag')),
            ],
        ),
        migrations.CreateModel(
            name='ShedStep',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('tier', models.PositiveSmallIntegerField()),
                ('flags', models.JSONField(default=list)),
                ('objective', models.CharField(blank=True, max_length=200)),
                ('dry', models.BooleanField(default=False)),
                ('reason', models.TextField()),
                ('at', models.DateTimeField()),
                ('state', models.CharField(choices=[('doing', 'Doing'), ('standing', 'Standing'), ('undoing', 'Undoing'), ('undone', 'Undone'), ('compensating', 'Compensating'), ('compensated', 'Compensated')], default='doing', max_length=20)),
                ('actions', models.JSONField(default=list)),
                ('verdict', models.CharField(choices=[('pending', 'Pending'), ('helped', 'Helped'), ('no effect', 'No Effect'), ('unclear', 'Unclear')], default='pending', max_length=20)),
                ('measured_at', models.DateTimeField(blank=True, null=True)),
                ('before', models.JSONField(default=dict)),
                ('after', models.JSONField(default=dict)),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('ended_reason', models.TextField(blank=True)),
                ('harm', models.JSONField(default=dict)),
                ('saved', models.JSONField(default=dict)),
                ('leased_until', models.DateTimeField(blank=True, null=True)),
                ('due_at', models.DateTimeField(blank=True, null=True)),
                ('version', models.BigIntegerField(default=0)),
                ('alert', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='shed_steps', to='alerts.alert')),
                ('service', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='shed_steps', to='slo.service')),
            ],
            options={
                'ordering': ('-at', '-id'),
            },
        ),
        migrations.CreateModel(
            name='Subscriber',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('email', 'Email'), ('webhook', 'Webhook')], default='email', max_length=10)),
                ('address', models.CharField(max_length=500)),
                ('key', models.CharField(max_length=64, unique=True)),
                ('created_at', models.DateTimeField()),
                ('confirmed_at', models.DateTimeField(null=True)),
                ('added_by', models.CharField(blank=True, max_length=200)),
            ],
            options={
                'ordering': ('kind', 'address'),
                'constraints': [models.UniqueConstraint(fields=('kind', 'address'), name='one_subscription_an_address')],
            },
        ),
        migrations.CreateModel(
            name='Notice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('due', 'Due'), ('sent', 'Sent'), ('dead', 'Dead')], default='due', max_length=10)),
                ('owed_at', models.DateTimeField()),
                ('due_at', models.DateTimeField()),
                ('leased_until', models.DateTimeField(null=True)),
                ('attempts', models.PositiveIntegerField(default=0)),
                ('sent_at', models.DateTimeField(null=True)),
                ('answer', models.CharField(blank=True, max_length=300)),
                ('update', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='notices', to='degradation.incidentupdate')),
                ('subscriber', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='notices', to='degradation.subscriber')),
            ],
            options={
                'ordering': ('id',),
            },
        ),
        migrations.CreateModel(
            name='Banner',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('text', models.TextField()),
                ('cause', models.CharField(blank=True, max_length=200)),
                ('put_up_by', models.CharField(max_length=200)),
                ('reason', models.TextField()),
                ('since', models.DateTimeField()),
                ('until', models.DateTimeField(blank=True, null=True)),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('ended_reason', models.TextField(blank=True)),
                ('user', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('capability', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='banners', to='degradation.capability')),
            ],
            options={
                'ordering': ('-since', '-id'),
                'constraints': [models.UniqueConstraint(condition=models.Q(('ended_at', None), models.Q(('cause', ''), _negated=True)), fields=('cause',), name='one_banner_a_cause')],
            },
        ),
        migrations.CreateModel(
            name='CircuitReport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reporter', models.CharField(max_length=100)),
                ('client', models.CharField(max_length=200)),
                ('phase', models.CharField(max_length=20)),
                ('counters', models.JSONField(default=dict)),
                ('at', models.DateTimeField(db_index=True)),
                ('received_at', models.DateTimeField()),
                ('component', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='circuit_reports', to='slo.component')),
            ],
            options={
                'ordering': ('client',),
                'constraints': [models.UniqueConstraint(fields=('component', 'reporter', 'client'), name='one_circuit_report_a_client')],
            },
        ),
        migrations.CreateModel(
            name='Drill',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('tier', models.PositiveSmallIntegerField()),
                ('share', models.PositiveSmallIntegerField()),
                ('flags', models.JSONField(default=list)),
                ('planned', models.DateTimeField(blank=True, null=True)),
                ('reason', models.TextField()),
                ('started_at', models.DateTimeField()),
                ('until', models.DateTimeField()),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('outcome', models.CharField(choices=[('running', 'Running'), ('passed', 'Passed'), ('aborted', 'Aborted')], default='running', max_length=10)),
                ('ended_reason', models.TextField(blank=True)),
                ('figures', models.JSONField(default=list)),
                ('service', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='drills', to='slo.service')),
                ('started_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('-started_at', '-id'),
                'constraints': [models.UniqueConstraint(condition=models.Q(('ended_at', None)), fields=('service',), name='one_drill_a_service'), models.UniqueConstraint(condition=models.Q(('planned', None), _negated=True), fields=('service', 'tier', 'planned'), name='one_drill_a_plan')],
            },
        ),
        migrations.AddIndex(
            model_name='incident',
            index=models.Index(fields=['resolved_at', 'opened_at'], name='degradation_resolve_79fbd8_idx'),
        ),
        migrations.AddConstraint(
            model_name='shedcount',
            constraint=models.UniqueConstraint(fields=('flag', 'minute'), name='one_count_a_minute'),
        ),
        migrations.AddConstraint(
            model_name='shedreport',
            constraint=models.UniqueConstraint(fields=('flag', 'instance'), name='one_count_an_instance'),
        ),
        migrations.AddConstraint(
            model_name='shedstep',
            constraint=models.UniqueConstraint(condition=models.Q(('ended_at', None)), fields=('service', 'tier'), name='one_standing_step_a_tier'),
        ),
        migrations.AddIndex(
            model_name='notice',
            index=models.Index(fields=['state', 'due_at'], name='degradation_state_81de31_idx'),
        ),
        migrations.AddConstraint(
            model_name='notice',
            constraint=models.UniqueConstraint(condition=models.Q(('update__isnull', False)), fields=('subscriber', 'update'), name='one_notice_an_update'),
        ),
    ]
