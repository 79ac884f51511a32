# A stage makes siteroot from its sources, which are pinned by their digest, with the Python that will run it.
ARG PYTHON=3.12
ARG BASE_IMAGE=docker.io/library/python:${PYTHON}-slim

FROM ${BASE_IMAGE} AS maker
ARG SITEROOT=0.1.0
ARG SITEROOT_SHA256
COPY siteroot-${SITEROOT}.tar.gz /siteroot.tar.gz
RUN echo "${SITEROOT_SHA256}  /siteroot.tar.gz" | sha256sum --check
RUN mkdir /sources && tar -xzf /siteroot.tar.gz -C /sources --strip-components=1
RUN python3 /sources/tools/make_pyz.py /siteroot

FROM scratch AS siteroot
COPY --from=maker /siteroot /siteroot

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
