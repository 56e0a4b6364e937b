#!/bin/sh
# audit.sh audit|sbom VENV TOOLS: known vulnerabilities of what is installed in VENV, or a list of it.
# The tools live in an environment of their own, so that they are no part of what they look at.
set -eu
task=$1 venv=$2 tools=$3

if ! [ -x "$tools/bin/cyclonedx-py" ] || ! [ -x "$tools/bin/pip-audit" ]; then
    echo "making $tools" >&2
    "$venv/bin/python" -m venv --clear "$tools"
    "$tools/bin/python" -m pip install --quiet --disable-pip-version-check 'pip-audit>=2.7' 'cyclonedx-bom>=5'
fi

if [ "$task" = sbom ]; then
    "$tools/bin/cyclonedx-py" environment --pyproject pyproject.toml --output-reproducible --of JSON -o sbom.cdx.json "$venv/bin/python"
    echo "sbom.cdx.json: $("$tools/bin/python" -c 'import json; print(len(json.load(open("sbom.cdx.json"))["components"]))') packages of $venv (CycloneDX)"
    exit
fi

packages=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
said=$(mktemp)
trap 'rm -f "$said"' EXIT
status=0
"$tools/bin/pip-audit" --progress-spinner off --timeout 15 --path "$packages" 2>"$said" || status=$?
cat "$said" >&2
# 0: nothing known, 1: vulnerabilities, or no database: then there is no table but an error.
if [ "$status" != 0 ] && grep -qiE 'connection|timed out|HTTP error|HTTPError|ServiceError|upstream|Client Error|Server Error|Max retries' "$said"; then
    echo "audit: the database of vulnerabilities cannot be reached from here: NOTHING was checked. Run make audit where it can." >&2
    exit 3
fi
exit "$status"
