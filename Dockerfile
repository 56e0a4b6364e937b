# Three images: --target service, worker or training. docs/containers.md lists their sizes and settings.
#
# CPU is the default. For CUDA: --build-arg TORCH_INDEX_URL= (the package index's own build) or another PyTorch index.

FROM python:3.11-slim-bookworm AS base
ENV PATH=/venv/bin:$PATH \
    PYTHONPATH=/app \
    PYTHONUNBUFFERED=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_ROOT_USER_ACTION=ignore


# torch and the packages that it requires: the large layer, rebuilt only when the lock file changes.
FROM base AS torch
ARG TORCH_INDEX_URL=https://download.pytorch.org/whl/cpu
WORKDIR /build
COPY requirements.lock ./
COPY scripts/torch.sh scripts/
RUN --mount=type=cache,target=/root/.cache/pip \
    python -m venv /venv \
    && VENV=/venv scripts/torch.sh \
    && rm -rf /venv/lib/python3.11/site-packages/torch/include


# All other packages, in a separate folder: a change here does not rebuild torch's layer.
FROM torch AS packages
COPY pyproject.toml ./
COPY scripts/requirements.py scripts/
RUN --mount=type=cache,target=/root/.cache/pip \
    python scripts/requirements.py tracing > requirements.txt \
    && pip install --prefix /packages --requirement requirements.txt --constraint /venv/constraints.txt

FROM packages AS training-packages
RUN --mount=type=cache,target=/root/.cache/pip \
    python scripts/requirements.py training > requirements.txt \
    && PYTHONPATH=/packages/lib/python3.11/site-packages \
       pip install --prefix /packages --requirement requirements.txt --constraint /venv/constraints.txt


# Common base of the three images. Works with a read-only root file system; only /tmp and $TMPDIR are written.
FROM torch AS runtime
# The user ID is not in /etc/passwd: HOME and USER replace what programs would look up there.
ENV HOME=/tmp \
    USER=labn \
    MPLCONFIGDIR=/tmp/matplotlib \
    PYTHONDONTWRITEBYTECODE=1
WORKDIR /app
COPY deploy/health deploy/health
USER 10001:10001


FROM runtime AS training
COPY --from=training-packages /packages /venv
COPY telemetry telemetry
COPY model model
COPY training training
# Python shuts down cleanly on SIGINT; as process 1 it would ignore SIGTERM.
STOPSIGNAL SIGINT
HEALTHCHECK --interval=5m --timeout=10s --start-period=5m --retries=3 \
    CMD ["python", "-S", "deploy/health/busy.py"]
ENTRYPOINT ["python", "-m", "training"]
CMD ["--help"]


FROM runtime AS worker
COPY --from=packages /packages /venv
COPY telemetry telemetry
COPY model model
COPY worker worker
COPY checkpoints checkpoints
ENV LABN_HOST=0.0.0.0 \
    LABN_WORKER_PORT=8001 \
    LABN_THREADS=1
EXPOSE 8001
HEALTHCHECK --interval=10s --timeout=10s --start-period=5m --retries=3 \
    CMD ["python", "-S", "deploy/health/answers.py", "LABN_WORKER_PORT", "/healthz"]
ENTRYPOINT ["python", "-m", "worker"]


# The last stage is the default target.
FROM runtime AS service
COPY --from=packages /packages /venv
COPY telemetry telemetry
COPY model model
COPY worker worker
COPY service service
COPY checkpoints checkpoints
ENV LABN_HOST=0.0.0.0 \
    LABN_PORT=8000
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=2m --retries=3 \
    CMD ["python", "-S", "deploy/health/answers.py", "LABN_PORT", "/readyz"]
ENTRYPOINT ["python", "-m", "service"]
