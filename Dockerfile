# The demo study in a container, which writes as whoever starts it:
# docker build -t dtl . && mkdir -p results && docker run --rm -u "$(id -u):$(id -g)" -v "$PWD/results:/dtl/results" dtl
FROM python:3.11-slim-bookworm
# The release of Debian is pinned, and takes mended packages alone.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends git make \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /dtl
# The packages first: they change less often than the code.
COPY envs/dtl.lock envs/dtl.lock
RUN python -m venv .venv && .venv/bin/pip install --no-cache-dir --require-hashes -r envs/dtl.lock
COPY . .
RUN make install && useradd --create-home --uid 1000 dtl && chown -R dtl: /dtl && chmod -R a+rwX /dtl
# A user of the host has no home here; jobs that a cluster starts find `dtl` by the path.
ENV HOME=/tmp PATH=/dtl/.venv/bin:$PATH
# By its number, so that a cluster sees that it is not root.
USER 1000
CMD ["make", "demo"]
