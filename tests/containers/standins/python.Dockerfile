# Stands in for python:3.11-slim-bookworm: Debian's interpreter at the place where that image has its own.
FROM debian:bookworm-slim
ARG WHEELS_URL
RUN apt-get update \
    && apt-get install --yes --no-install-recommends python3 python3-venv \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /usr/share/doc/* /usr/share/man/* \
    && ln -s /usr/bin/python3.11 /usr/local/bin/python \
    && ln -s /usr/bin/python3.11 /usr/local/bin/python3
RUN printf '[global]\ncert = /etc/ssl/certs/ca-certificates.crt\n' > /etc/pip.conf \
    && if [ -n "$WHEELS_URL" ]; then printf 'find-links = %s\n' "$WHEELS_URL" >> /etc/pip.conf; fi
