# siteroot comes as one file that lies in the context. Nothing of it stays in the image.
ARG PYTHON=3.12
ARG BASE_IMAGE=docker.io/library/python:${PYTHON}-slim

FROM scratch AS siteroot
COPY siteroot.pyz /siteroot

FROM ${BASE_IMAGE}
ENV PYTHONDONTWRITEBYTECODE=1
ENV PYTHONPATH=/app/pkgs:/app/src
WORKDIR /app

RUN --mount=type=bind,from=siteroot,source=/siteroot,target=/siteroot \
    --mount=type=bind,source=uv.lock,target=/app/uv.lock \
    --mount=type=bind,source=pyproject.toml,target=/app/pyproject.toml \
    --mount=type=cache,target=/siteroot-cache \
    /siteroot sync --frozen --no-dev --link-mode copy --cache-dir /siteroot-cache --target pkgs

COPY src src
CMD ["python3", "-m", "webapp"]
