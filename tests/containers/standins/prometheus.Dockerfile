# Stands in for prom/prometheus: Debian's, with that image's folders and entry point.
FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install --yes --no-install-recommends prometheus wget \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/* \
    && install -d -o nobody -g nogroup /prometheus
VOLUME /prometheus
ENTRYPOINT ["prometheus"]
