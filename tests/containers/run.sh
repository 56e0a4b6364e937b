#!/bin/sh
# The containers as they are shipped, built and run on a Debian machine where nothing is there but `make setup`'s .venv.
# Needs root. TOOLS: where the engine keeps its images (a GB and a half); a second run finds them again.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.."
[ "$(id -u)" = 0 ] || { echo "test-containers installs an engine and needs root" >&2; exit 1; }

packages="podman buildah runc netavark aardvark-dns iptables catatonit debootstrap"
missing() { dpkg-query --show --showformat '${db:Status-Status}\n' $packages 2>&1 | grep --invert-match --quiet '^installed$'; }
if missing; then
    echo "installing $packages"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -qq --yes --no-install-recommends $packages >/dev/null
fi
mkdir -p "$TOOLS"

# Wheels that this machine's pip is told to look at in a folder: builds see them over the loopback interface, at the
# port of the first time, which is part of what the engine's cache goes by.
wheels=$(.venv/bin/python -m pip config list | sed -n "s/.*find-links='\(\/[^ ']*\).*/\1/p" | head -n 1)
if [ -d "${wheels:-}" ]; then
    port=$TOOLS/wheels-port
    [ -s "$port" ] || .venv/bin/python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])' >"$port"
    .venv/bin/python -m http.server --bind 127.0.0.1 --directory "$wheels" "$(cat "$port")" >/dev/null 2>&1 &
    server=$!
    trap 'kill "$server"' EXIT
    export WHEELS_URL="http://127.0.0.1:$(cat "$port")/"
fi
export TOOLS
"$here/engine.sh" sh -c '"$1/base_images.sh" && shift && exec "$@"' - "$here" \
    .venv/bin/python -m pytest tests/containers/live.py --timeout 1800 "$@"
