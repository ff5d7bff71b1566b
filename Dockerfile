# Small, without a shell to log in by, not root; the product alone: no sandbox, no tests.
FROM python:3.11-slim AS wheels
COPY requirements/run.txt /src/requirements/
RUN python -m venv /opsbot && /opsbot/bin/pip install --no-cache-dir --require-hashes -r /src/requirements/run.txt
COPY pyproject.toml README.md LICENSE /src/
COPY bot /src/bot
COPY commands /src/commands
COPY runbooks /src/runbooks
COPY requirements/build.txt /src/requirements/
RUN python -m venv /build && /build/bin/pip install --no-cache-dir --require-hashes -r /src/requirements/build.txt \
 && cd /src && /build/bin/hatchling build -d /dist -t wheel \
 && /opsbot/bin/pip install --no-cache-dir --no-deps /dist/*.whl

FROM python:3.11-slim
RUN apt-get update && apt-get install -y --no-install-recommends git postgresql-client && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --home-dir /var/opsbot --create-home opsbot
COPY --from=wheels /opsbot /opsbot
USER 10001
WORKDIR /var/opsbot
ENV PATH=/opsbot/bin:$PATH PYTHONUNBUFFERED=1
ENTRYPOINT ["opsbot"]
CMD ["serve"]
