"""Addresses of the pages. Lower packages reverse these names in their messages."""

from django.contrib.auth.views import LoginView, LogoutView
from django.urls import path

from dashboards.views import acting, alerts, components, excluding, planning, runbooks, silences, watching

urlpatterns = [
    path("", watching.overview, name="overview"),
    path("objectives/", watching.objectives, name="objectives"),
    path("objectives/<slug:name>/", watching.objective, name="objective"),
    path("objectives/<slug:name>/figures/", watching.figures, name="figures"),
    path("objectives/<slug:name>/exclusions/", excluding.exclude, name="exclude"),
    path("objectives/<slug:name>/exclusions/<int:pk>/", excluding.include, name="include"),
    path("capabilities/", watching.capabilities, name="capabilities"),
    path("components/", watching.components, name="components"),
    path("components/<slug:name>/", components.component, name="component"),
    path("components/<slug:name>/circuit/", components.circuit, name="circuit"),
    path("dependencies/", planning.dependencies, name="dependencies"),
    path("availability/", planning.availability, name="availability"),
    path("availability/<slug:name>/", planning.system, name="system"),
    path("availability/<slug:name>/scenarios/", planning.keep_scenario, name="keep-scenario"),
    path("availability/<slug:name>/scenarios/<str:scenario>/", planning.forget_scenario, name="forget-scenario"),
    path("alerts/", alerts.alerts, name="alerts"),
    path("alerts/<int:pk>/", alerts.alert, name="alert"),
    path("alerts/<int:pk>/acknowledge/", alerts.acknowledge, name="acknowledge"),
    path("silences/", silences.silences, name="silences"),
    path("silences/preview/", silences.look, name="silence-preview"),
    path("silences/<int:pk>/end/", silences.end, name="end-silence"),
    path("flags/", acting.flags, name="flags"),
    path("flags/restore-everything", acting.restore, name="restore-everything"),
    path("flags/<slug:key>/", acting.flag, name="flag"),
    path("alerts/<int:pk>/post-mortem/", runbooks.postmortem, name="post-mortem"),
    path("alerts/<int:pk>/post-mortem.md", runbooks.postmortem_file, name="post-mortem-file"),
    path("runbooks/", runbooks.runbooks, name="runbooks"),
    path("runbooks/new", runbooks.new, name="new-runbook"),
    path("runbooks/<slug:name>/", runbooks.runbook, name="runbook"),
    path("runbooks/<slug:name>/edit", runbooks.edit, name="edit-runbook"),
    path("runbooks/<slug:name>/versions/", runbooks.versions, name="runbook-versions"),
    path("runbooks/<slug:name>/start", runbooks.start, name="start-run"),
    path("runs/<int:pk>/", runbooks.run, name="run"),
    path("runs/<int:pk>/tick", runbooks.tick, name="tick"),
    path("runs/<int:pk>/finish", runbooks.finish, name="finish-run"),
    path("reports/", watching.reports, name="reports"),
    path("theme/", acting.theme, name="theme"),
    path("login/", LoginView.as_view(template_name="dashboards/login/page.html"), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
]
