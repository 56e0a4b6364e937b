#!/bin/sh
# audit.sh audit|sbom VENV TOOLS: reports known vulnerabilities of the packages in VENV, or lists those packages.
# The tools have an environment of their own, so that they do not appear in the result.
set -eu
task=$1 venv=$2 tools=$3

if ! [ -x "$tools/bin/cyclonedx-py" ] || ! [ -x "$tools/bin/pip-audit" ]; then
    echo "creating $tools" >&2
    "$venv/bin/python" -m venv --clear "$tools"
    "$tools/bin/python" -m pip install --quiet --disable-pip-version-check --constraint requirements.lock pip-audit cyclonedx-bom
fi

if [ "$task" = sbom ]; then
    "$tools/bin/cyclonedx-py" environment --pyproject pyproject.toml --output-reproducible --of JSON -o sbom.cdx.json "$venv/bin/python"
    echo "sbom.cdx.json: $("$tools/bin/python" -c 'import json; print(len(json.load(open("sbom.cdx.json"))["components"]))') packages of $venv (CycloneDX)"
    exit
fi

packages=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
found=$(mktemp)
trap 'rm -f "$found"' EXIT
# pip-audit's exit status is the same for a clean result and an unreachable database; its report tells them apart.
"$tools/bin/pip-audit" --progress-spinner off --timeout 15 --format json --output "$found" --path "$packages" || :
exec "$tools/bin/python" scripts/audit_report.py "$found"
