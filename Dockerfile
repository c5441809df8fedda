# likelens as an image: docker build -t likelens:0.1.0 .
# docs/teams.md has the rest. The image runs as a user without rights and needs no writable place but /data (the home
# folder), /cache (weights of models) and /tmp.
#
# The tag of the base image is exact. For the same bytes each time add its digest, which your registry shows:
# FROM python:3.11.13-slim-bookworm@sha256:…

FROM python:3.11.13-slim-bookworm AS build
# The extras of pyproject.toml that the image has: models, store, dask, ray.
ARG EXTRAS="models store"
WORKDIR /build
RUN python -m venv /opt/likelens
COPY pyproject.toml requirements.lock docs/examples/docker/select_packages.py ./
# hadolint ignore=SC2086
RUN python select_packages.py ${EXTRAS} > image.lock \
    && /opt/likelens/bin/pip install --no-cache-dir --no-deps --require-hashes -r image.lock
COPY README.md ./
COPY flows flows
COPY tasks tasks
COPY classifiers classifiers
COPY warehouse warehouse
RUN /opt/likelens/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.11.13-slim-bookworm
RUN groupadd --gid 10001 likelens \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /cache --shell /usr/sbin/nologin likelens \
    && install --directory --owner=likelens --group=likelens /data /cache /settings
COPY --from=build /opt/likelens /opt/likelens
# Prefect copies its pages when its server starts, by default beside its code, which nobody can write here.
ENV PATH=/opt/likelens/bin:$PATH \
    HOME=/cache \
    LIKELENS_HOME=/data \
    PREFECT_SERVER_UI_STATIC_DIRECTORY=/tmp/prefect-pages \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
USER 10001:10001
WORKDIR /settings
VOLUME ["/data", "/cache"]
EXPOSE 4200
# That of `likelens serve`; a worker has its own in docker-compose.yml.
HEALTHCHECK --interval=30s --timeout=10s --start-period=180s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:4200/api/health', timeout=8)"]
ENTRYPOINT ["likelens"]
CMD ["serve"]
