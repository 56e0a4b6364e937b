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
found=$(mktemp)
trap 'rm -f "$found"' EXIT
# Its status does not tell a database that knows nothing bad from one that was not there: the report does.
"$tools/bin/pip-audit" --progress-spinner off --timeout 15 --format json --output "$found" --path "$packages" || :
exec "$tools/bin/python" scripts/audit_report.py "$found"
