import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def create_roles(apps, schema_editor):
    group = apps.get_model("auth", "Group")
    for name in ("viewer", "operator", "admin"):
        group.objects.get_or_create(name=name)


class Migration(migrations.Migration):
    replaces = [
        ("slo", "0001_initial"),
        ("slo", "0002_roles"),
        ("slo", "0003_burnpolicy_timing"),
        ("slo", "0004_documents"),
        ("slo", "0005_burnpolicy_minimum"),
        ("slo", "0006_budgetpolicy"),
        ("slo", "0007_exclusion_rules_and_changes"),
        ("slo", "0008_probes_and_events"),
        ("slo", "0009_annotations"),
        ("slo", "0010_corrections_and_memory"),
        ("slo", "0011_objectives_by_label"),
        ("slo", "0012_systems"),
        ("slo", "0013_component_latency"),
        ("slo", "0014_reporter_role"),
        ("slo", "0015_edits_on_pages"),
    ]

    initial = True

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ApiToken',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100, unique=True)),
                ('digest', models.CharField(max_length=64, unique=True)),
                ('role', models.CharField(choices=[('viewer', 'Viewer'), ('reporter', 'Reporter'), ('operator', 'Operator'), ('admin', 'Admin')], default='viewer', max_length=20)),
                ('created_at', models.DateTimeField()),
                ('revoked_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'ordering': ('name',),
            },
        ),
        migrations.CreateModel(
            name='BudgetPolicy',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.SlugField(max_length=100, unique=True)),
                ('title', models.CharField(blank=True, max_length=200)),
                ('description', models.TextField(blank=True)),
                ('services', models.JSONField(default=list)),
                ('objectives', models.JSONField(default=list)),
                ('channels', models.JSONField(default=list)),
                ('steps', models.JSONField(default=list)),
            ],
            options={
                'verbose_name': 'error-budget policy',
                'verbose_name_plural': 'error-budget policies',
                'ordering': ('name',),
            },
        ),
        migrations.CreateModel(
            name='BurnPolicy',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.SlugField(max_length=100, unique=True)),
                ('description', models.TextField(blank=True)),
                ('windows', models.JSONField(default=list)),
                ('timing', models.JSONField(blank=True, default=dict)),
                ('minimum', models.JSONField(blank=True, default=dict)),
            ],
            options={
                'verbose_name_plural': 'burn policies',
                'ordering': ('name',),
            },
        ),
        migrations.CreateModel(
            name='Component',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.SlugField(max_length=100, unique=True)),
                ('title', models.CharField(blank=True, max_length=200)),
                ('description', models.TextField(blank=True)),
                ('owner', models.CharField(blank=True, max_length=200)),
                ('tier', models.PositiveSmallIntegerField(validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(4)])),
                ('warn_ratio', models.FloatField(default=0.05)),
                ('down_ratio', models.FloatField(default=0.5)),
                ('target', models.FloatField(blank=True, null=True)),
                ('sla', models.FloatField(blank=True, null=True)),
                ('repair', models.BigIntegerField(blank=True, null=True)),
                ('needs', models.JSONField(blank=True, default=list)),
                ('latency_histogram', models.TextField(blank=True)),
            ],
            options={
                'ordering': ('tier', 'name'),
            },
        ),
        migrations.CreateModel(
            name='Heartbeat',
            fields=[
                ('name', models.CharField(max_length=50, primary_key=True, serialize=False)),
                ('at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='Objective',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.SlugField(max_length=200, unique=True)),
                ('title', models.CharField(blank=True, max_length=200)),
                ('description', models.TextField(blank=True)),
                ('owner', models.CharField(blank=True, max_length=200)),
                ('runbook', models.SlugField(blank=True, max_length=100)),
                ('target', models.FloatField()),
                ('period', models.JSONField()),
                ('sli', models.JSONField()),
                ('by', models.JSONField(blank=True, default=list)),
                ('by_limit', models.PositiveIntegerField(default=100)),
                ('labels', models.JSONField(blank=True, default=dict)),
                ('last_seen', models.BigIntegerField(blank=True, null=True)),
                ('remark', models.TextField(blank=True)),
                ('indicator', models.CharField(default='availability', max_length=20)),
                ('file', models.CharField(blank=True, default='', max_length=500)),
                ('made_by', models.CharField(blank=True, default='', max_length=200)),
                ('burn_policy', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to='slo.burnpolicy')),
                ('component', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='objectives', to='slo.component')),
                ('parent', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='children', to='slo.objective')),
            ],
            options={
                'ordering': ('service__name', 'name'),
            },
        ),
        migrations.CreateModel(
            name='Service',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.SlugField(max_length=100, unique=True)),
                ('title', models.CharField(blank=True, max_length=200)),
                ('description', models.TextField(blank=True)),
                ('owner', models.CharField(blank=True, max_length=200)),
            ],
            options={
                'ordering': ('name',),
            },
        ),
        migrations.CreateModel(
            name='Source',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.SlugField(max_length=100, unique=True)),
                ('title', models.CharField(blank=True, max_length=200)),
                ('kind', models.CharField(choices=[('prometheus', 'Prometheus'), ('scrape', 'Scrape'), ('probe', 'Probe'), ('events', 'Events')], max_length=20)),
                ('description', models.TextField(blank=True)),
                ('spec', models.JSONField(default=dict)),
                ('file', models.CharField(blank=True, default='', max_length=500)),
                ('made_by', models.CharField(blank=True, default='', max_length=200)),
            ],
            options={
                'ordering': ('name',),
            },
        ),
        migrations.CreateModel(
            name='ComponentLatency',
            fields=[
                ('component', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='latency', serialize=False, to='slo.component')),
                ('at', models.DateTimeField()),
                ('events', models.FloatField(default=0)),
                ('p50', models.FloatField(null=True)),
                ('p50_beyond', models.BooleanField(default=False)),
                ('p99', models.FloatField(null=True)),
                ('p99_beyond', models.BooleanField(default=False)),
                ('problem', models.TextField(blank=True)),
                ('cursor', models.JSONField(default=dict)),
            ],
        ),
        migrations.CreateModel(
            name='Edit',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('kind', models.CharField(max_length=40)),
                ('name', models.CharField(max_length=200)),
                ('action', models.CharField(max_length=20)),
                ('actor', models.CharField(max_length=200)),
                ('text', models.TextField(blank=True)),
            ],
            options={
                'ordering': ('-at', '-pk'),
                'indexes': [models.Index(fields=['kind', 'name', '-at'], name='slo_edit_kind_1a334b_idx')],
            },
        ),
        migrations.CreateModel(
            name='ExclusionChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('exclusion', models.BigIntegerField(db_index=True)),
                ('at', models.DateTimeField()),
                ('action', models.CharField(choices=[('created', 'Created'), ('changed', 'Changed'), ('deleted', 'Deleted')], max_length=10)),
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
            name='Watermark',
            fields=[
                ('objective', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='watermark', serialize=False, to='slo.objective')),
                ('version', models.BigIntegerField(default=0)),
                ('started', models.BigIntegerField()),
                ('at', models.BigIntegerField()),
                ('cursor', models.JSONField(default=dict)),
                ('problem', models.TextField(blank=True)),
            ],
        ),
        migrations.CreateModel(
            name='Measurement',
            fields=[
                ('pk', models.CompositePrimaryKey('objective_id', 'at', blank=True, editable=False, primary_key=True, serialize=False)),
                ('at', models.BigIntegerField()),
                ('good', models.FloatField()),
                ('total', models.FloatField()),
                ('observed', models.FloatField()),
                ('objective', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='slo.objective')),
            ],
        ),
        migrations.CreateModel(
            name='Correction',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('start', models.BigIntegerField()),
                ('end', models.BigIntegerField()),
                ('good', models.FloatField()),
                ('total', models.FloatField()),
                ('observed', models.FloatField()),
                ('forced', models.BooleanField(default=False)),
                ('by', models.CharField(max_length=200)),
                ('reason', models.TextField()),
                ('objective', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='corrections', to='slo.objective')),
            ],
            options={
                'ordering': ('-at', '-pk'),
            },
        ),
        migrations.AddField(
            model_name='objective',
            name='service',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='objectives', to='slo.service'),
        ),
        migrations.AddField(
            model_name='component',
            name='service',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='components', to='slo.service'),
        ),
        migrations.CreateModel(
            name='SourceState',
            fields=[
                ('source', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='state', serialize=False, to='slo.source')),
                ('asked_at', models.DateTimeField()),
                ('answered_at', models.DateTimeField(null=True)),
                ('problem', models.TextField(blank=True)),
                ('remembers', models.BigIntegerField(null=True)),
                ('looked_at', models.DateTimeField(null=True)),
            ],
        ),
        migrations.AddField(
            model_name='objective',
            name='source',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='objectives', to='slo.source'),
        ),
        migrations.AddField(
            model_name='component',
            name='latency_source',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='slo.source'),
        ),
        migrations.CreateModel(
            name='System',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.SlugField(max_length=100, unique=True)),
                ('title', models.CharField(blank=True, max_length=200)),
                ('description', models.TextField(blank=True)),
                ('target', models.FloatField()),
                ('period', models.BigIntegerField()),
                ('spec', models.JSONField(default=dict)),
                ('service', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='systems', to='slo.service')),
            ],
            options={
                'ordering': ('name',),
            },
        ),
        migrations.CreateModel(
            name='Scenario',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100)),
                ('changes', models.JSONField(default=dict)),
                ('created_at', models.DateTimeField()),
                ('created_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, to=settings.AUTH_USER_MODEL)),
                ('system', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='scenarios', to='slo.system')),
            ],
            options={
                'ordering': ('name',),
            },
        ),
        migrations.CreateModel(
            name='EventPost',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=200)),
                ('at', models.BigIntegerField()),
                ('stated', models.BooleanField()),
                ('vouched', models.PositiveIntegerField()),
                ('good', models.FloatField()),
                ('total', models.FloatField()),
                ('received_at', models.DateTimeField()),
                ('placed', models.BooleanField(default=False)),
                ('objective', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='slo.objective')),
            ],
            options={
                'indexes': [models.Index(fields=['objective', 'at'], name='posts_by_instant'), models.Index(condition=models.Q(('placed', False)), fields=['objective'], name='posts_to_place'), models.Index(fields=['received_at'], name='posts_by_age')],
                'constraints': [models.UniqueConstraint(fields=('objective', 'key'), name='a_post_counts_once')],
            },
        ),
        migrations.CreateModel(
            name='Exclusion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.SlugField(blank=True, max_length=100, null=True, unique=True)),
                ('start', models.DateTimeField()),
                ('end', models.DateTimeField()),
                ('rule', models.CharField(blank=True, max_length=300)),
                ('zone', models.CharField(default='UTC', max_length=64)),
                ('reason', models.TextField()),
                ('created_at', models.DateTimeField()),
                ('created_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, to=settings.AUTH_USER_MODEL)),
                ('objective', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='exclusions', to='slo.objective')),
                ('service', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='exclusions', to='slo.service')),
            ],
            options={
                'ordering': ('-start',),
                'constraints': [models.CheckConstraint(condition=models.Q(('end__gt', models.F('start'))), name='exclusion_has_length'), models.CheckConstraint(condition=models.Q(('objective__isnull', False), ('service__isnull', False), _connector='XOR'), name='exclusion_of_one_thing')],
            },
        ),
        migrations.CreateModel(
            name='Annotation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=100, unique=True)),
                ('kind', models.SlugField(max_length=100)),
                ('at', models.DateTimeField(db_index=True)),
                ('until', models.DateTimeField(blank=True, null=True)),
                ('text', models.CharField(max_length=500)),
                ('link', models.CharField(blank=True, max_length=1000)),
                ('created_at', models.DateTimeField()),
                ('by', models.CharField(blank=True, max_length=200)),
                ('created_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, to=settings.AUTH_USER_MODEL)),
                ('objective', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='annotations', to='slo.objective')),
                ('service', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='annotations', to='slo.service')),
            ],
            options={
                'ordering': ('-at', '-pk'),
                'constraints': [models.CheckConstraint(condition=models.Q(('until__isnull', True), ('until__gt', models.F('at')), _connector='OR'), name='annotation_has_length'), models.CheckConstraint(condition=models.Q(('objective__isnull', True), ('service__isnull', True), _connector='OR'), name='annotation_of_one_thing')],
            },
        ),
        migrations.AddConstraint(
            model_name='objective',
            constraint=models.CheckConstraint(condition=models.Q(('target__gt', 0), ('target__lt', 1)), name='target_is_a_ratio'),
        ),
        migrations.AddConstraint(
            model_name='scenario',
            constraint=models.UniqueConstraint(fields=('system', 'name'), name='one_scenario_of_a_name'),
        ),
        migrations.RunPython(create_roles, migrations.RunPython.noop),
    ]
