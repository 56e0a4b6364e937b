# Stands in for redis:7-bookworm: Debian's, with that image's user and folder.
FROM debian:bookworm-slim
RUN apt-get update \
    && groupadd --system --gid 999 redis \
    && useradd --system --uid 999 --gid redis redis \
    && apt-get install --yes --no-install-recommends redis-server \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/* \
    && install -d -o redis -g redis /data
WORKDIR /data
VOLUME /data
CMD ["redis-server"]
