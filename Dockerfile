# The demo study in a container: docker build -t dtl . && docker run --rm -v "$PWD/results:/dtl/results" dtl
FROM python:3.11-slim-bookworm
RUN apt-get update \
    && apt-get install -y --no-install-recommends git make \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /dtl
# The packages first: they change less often than the code.
COPY envs/dtl.lock envs/dtl.lock
RUN python -m venv .venv && .venv/bin/pip install --no-cache-dir --require-hashes -r envs/dtl.lock
COPY . .
RUN make install && useradd --create-home dtl && chown -R dtl: /dtl
USER dtl
CMD ["make", "demo"]
