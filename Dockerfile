# One image for all parts: `--web` (the default), `--worker`, and for the step before them
# `--entrypoint python IMAGE manage.py migrate_site`. It wants DATABASE_URL and REDIS_URL; see compose.yaml.
ARG BASE=python:3.13-slim-bookworm

FROM ${BASE} AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /srv/facio-settings
COPY requirements-server.txt ./
# Wheels alone: nothing is compiled, in no stage.
RUN python -m venv --without-pip .venv \
    && python -m pip --python .venv/bin/python install \
        --require-hashes --only-binary=:all: --requirement requirements-server.txt
COPY LICENSE manage.py pyproject.toml ./
COPY facio_site/ facio_site/
COPY providers/ providers/
COPY routing/ routing/
COPY static/ static/
COPY templates/ templates/
RUN python -m compileall -q facio_site providers routing

FROM ${BASE}
RUN groupadd --gid 10001 facio \
    && useradd --uid 10001 --gid facio --no-create-home --home-dir /nonexistent \
        --shell /usr/sbin/nologin facio \
    && install --directory --mode=0700 --owner=facio --group=facio /var/lib/facio-settings
WORKDIR /srv/facio-settings
COPY --from=build /srv/facio-settings ./
ENV PATH=/srv/facio-settings/.venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    STATE_DIR=/var/lib/facio-settings \
    HOST=0.0.0.0 \
    PORT=8000
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=90s --retries=3 \
    CMD ["python", "-m", "facio_site.run.alive", "--web"]
ENTRYPOINT ["python", "-m", "facio_site.up"]
CMD ["--web"]
