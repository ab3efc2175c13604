FROM python:3.13-slim-bookworm AS build
COPY requirements.txt /tmp/
# Wheels only: nothing is compiled, here or in the final image.
RUN python -m venv --without-pip /venv \
    && pip --python /venv/bin/python install --no-cache-dir --disable-pip-version-check \
        --only-binary :all: --require-hashes -r /tmp/requirements.txt

FROM python:3.13-slim-bookworm
RUN pip uninstall --yes --quiet --root-user-action ignore pip \
    && useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin brownout
ENV PATH=/venv/bin:$PATH PYTHONPATH=/app/client PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
WORKDIR /app
COPY --from=build /venv /venv
COPY manage.py pyproject.toml ./
COPY config config
COPY slo slo
COPY alerts alerts
COPY degradation degradation
COPY dashboards dashboards
COPY demo demo
COPY client client
# DEBUG lets this one command do without a key; the settings of a container come from its environment.
RUN DEBUG=1 python manage.py collectstatic --noinput --verbosity 0 \
    && chown brownout: var
USER brownout
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/health/live', timeout=4)"]
CMD ["gunicorn", "--config", "python:config.gunicorn", "config.wsgi", "--bind", "0.0.0.0:8000", "--workers", "2", "--worker-tmp-dir", "/dev/shm", "--access-logfile", "-"]
