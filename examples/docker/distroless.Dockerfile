# The image holds a Python, the root and the application: no shell, no pip, no siteroot.
# PYTHON is the version of the Python in FINAL_IMAGE; the stage that builds may have another.
ARG PYTHON=3.11
ARG BUILD_IMAGE=docker.io/library/python:3.12-slim
ARG FINAL_IMAGE=gcr.io/distroless/python3-debian12

FROM scratch AS siteroot
COPY siteroot.pyz /siteroot

FROM ${BUILD_IMAGE} AS build
ARG PYTHON
WORKDIR /build
RUN --mount=type=bind,from=siteroot,source=/siteroot,target=/siteroot \
    --mount=type=bind,source=uv.lock,target=/build/uv.lock \
    --mount=type=bind,source=pyproject.toml,target=/build/pyproject.toml \
    --mount=type=cache,target=/siteroot-cache \
    /siteroot sync --frozen --no-dev --python-version ${PYTHON} \
    --link-mode copy --cache-dir /siteroot-cache --target /pkgs

FROM ${FINAL_IMAGE}
COPY --from=build /pkgs /app/pkgs
COPY src /app/src
ENV PYTHONPATH=/app/pkgs:/app/src
ENTRYPOINT ["python3"]
CMD ["-m", "webapp"]
