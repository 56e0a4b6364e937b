#!/bin/sh
# Type-checks the dashboards' JSON against Grafana's schema, in folder $1.
set -eu

command -v npm >/dev/null || { echo "checking the dashboards needs Node and npm: sudo apt-get install npm (Debian)" >&2; exit 1; }
mkdir -p "$1"
if ! [ -x "$1/node_modules/.bin/tsc" ]; then
    echo "installing @grafana/schema"
    npm install --silent --no-audit --no-fund --no-save --prefix "$1" @grafana/schema@13.2.3 typescript@7.0.2
fi
rm -f "$1"/*.ts
node scripts/dashboards.mjs deploy/grafana/dashboards "$1"
"$1/node_modules/.bin/tsc" --noEmit --strict --skipLibCheck --module nodenext --moduleResolution nodenext "$1"/*.ts
echo "the dashboards match Grafana's schema"
