#!/bin/sh
# Makes stand-ins, from Debian's packages alone, for the images that Dockerfile and compose file begin with, so that
# no registry is needed. They carry this machine's certificates and the folder of wheels that its pip is told of.
set -eu

here=$(cd "$(dirname "$0")" && pwd)

if ! podman image exists docker.io/library/debian:bookworm-slim; then
    echo "debian:bookworm-slim by debootstrap"
    rm -rf "$TOOLS/debian"
    debootstrap --variant=minbase --include=ca-certificates bookworm "$TOOLS/debian" >"$TOOLS/debootstrap.log"
    cp /etc/ssl/certs/ca-certificates.crt "$TOOLS/debian/etc/ssl/certs/"
    rm -rf "$TOOLS/debian"/var/cache/apt/* "$TOOLS/debian"/var/lib/apt/lists/* \
        "$TOOLS/debian"/usr/share/doc/* "$TOOLS/debian"/usr/share/man/* "$TOOLS/debian"/usr/share/locale/*
    tar -C "$TOOLS/debian" -c . | podman import --quiet - docker.io/library/debian:bookworm-slim
    rm -rf "$TOOLS/debian"
fi

named=$(cat "$here/../../Dockerfile" "$here/../../docker-compose.yml" |
    sed -nE 's,^(FROM| *image:) ((python|redis|prom/prometheus):[^ ]+).*,\2,p')
for image in $named; do
    repository=${image%%:*}
    name=${repository##*/}
    [ "$name" != "$repository" ] || image=library/$image
    echo "docker.io/$image from Debian's package"
    podman build --quiet --network host --pull=never --format docker --tag "docker.io/$image" \
        --build-arg WHEELS_URL="${WHEELS_URL:-}" --file "$here/standins/$name.Dockerfile" "$here/standins"
done
