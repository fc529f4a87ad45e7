# The operator's image. For a release, pin both stages by digest (python:3.13-slim@sha256:...): a tag moves.
# Inside a company, --build-arg PYTHON=mirror/python:3.13-slim and pip's own settings name the mirrors; the
# hashes in requirements-runtime.lock hold whatever the host.
ARG PYTHON=python:3.13-slim

FROM ${PYTHON} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PYTHONDONTWRITEBYTECODE=1
RUN python -m venv /opt/secureml
WORKDIR /src
# First what changes seldom, so that a change of code does not install the dependencies anew.
COPY requirements-runtime.lock ./
RUN /opt/secureml/bin/pip install --require-hashes --no-deps --only-binary :all: -r requirements-runtime.lock
COPY pyproject.toml README.md LICENSE ./
COPY operator ./operator
COPY reconcilers ./reconcilers
RUN /opt/secureml/bin/pip install --no-deps . \
    && /opt/secureml/bin/python -m compileall -q -j 0 /opt/secureml/lib

FROM ${PYTHON}
LABEL org.opencontainers.image.title="secureml-operator" \
      org.opencontainers.image.licenses="Apache-2.0"
# The file system may be read-only: the code is compiled already and nothing is written.
# One event loop needs one arena of memory, and what is free goes back: about 15 MB less with 500 resources.
ENV PATH=/opt/secureml/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    MALLOC_ARENA_MAX=1 MALLOC_TRIM_THRESHOLD_=65536
COPY --from=build /opt/secureml /opt/secureml
# A number, not a name: Kubernetes' runAsNonRoot cannot check a name.
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["secureml"]
CMD ["run"]
