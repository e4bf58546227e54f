# Fengsheng 风声: one image for worker, feed and setup. It serves on the CPU; docker-compose.gpu.yml builds it with
# requirements-gpu.lock, several GB larger, which serves on CUDA too.
FROM python:3.11.14-slim-bookworm AS build

# A package mirror near you: docker compose build --build-arg PIP_INDEX_URL=...
ARG PIP_INDEX_URL=""
ARG LOCK=requirements.lock
ENV PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /src

COPY requirements-installer.lock requirements.lock requirements-gpu.lock ./
RUN python -m venv /opt/fengsheng \
    && /opt/fengsheng/bin/pip install --no-cache-dir --require-hashes \
        ${PIP_INDEX_URL:+--index-url "$PIP_INDEX_URL"} -r requirements-installer.lock \
    && /opt/fengsheng/bin/uv pip install --no-cache --python /opt/fengsheng/bin/python --require-hashes \
        ${PIP_INDEX_URL:+--default-index "$PIP_INDEX_URL"} -r "$LOCK"

COPY pyproject.toml README.md LICENSE ./
COPY alerting alerting
COPY config config
COPY dashboards dashboards
COPY fengsheng fengsheng
COPY models models
COPY streams streams
RUN /opt/fengsheng/bin/uv pip install --no-cache --python /opt/fengsheng/bin/python \
        --no-deps --no-build-isolation --offline . \
    && /opt/fengsheng/bin/uv pip uninstall --python /opt/fengsheng/bin/python uv setuptools


FROM python:3.11.14-slim-bookworm

RUN useradd --uid 10001 --home-dir /var/lib/fengsheng --create-home --shell /usr/sbin/nologin fengsheng
COPY --from=build /opt/fengsheng /opt/fengsheng

ENV PATH=/opt/fengsheng/bin:$PATH \
    LANG=C.UTF-8 \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    FENGSHENG_CONFIG=/etc/fengsheng \
    FENGSHENG_DATA=/var/lib/fengsheng

USER fengsheng
WORKDIR /var/lib/fengsheng
CMD ["fengsheng", "--help"]
