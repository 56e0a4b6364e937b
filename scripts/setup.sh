#!/bin/sh
# Creates or updates the virtual environment $VENV with the versions of requirements.lock. Needs PYTHON, VENV,
# TORCH_INDEX_URL.
set -eu

if ! "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "labn needs Python 3.11 or newer; choose one with: make PYTHON=python3.12" >&2
    exit 1
fi
# An interrupted creation leaves an interpreter without pip: start again.
if ! "$VENV/bin/python" -m pip --version >/dev/null 2>&1; then
    echo "creating $VENV"
    "$PYTHON" -m venv --clear "$VENV"
fi

VENV="$VENV" TORCH_INDEX_URL="$TORCH_INDEX_URL" scripts/torch.sh

requirements=$(mktemp)
trap 'rm -f "$requirements"' EXIT
"$VENV/bin/python" scripts/requirements.py tracing training dev >"$requirements"
echo "installing the other packages"
"$VENV/bin/python" -m pip install --quiet --disable-pip-version-check --requirement "$requirements" --constraint "$VENV/constraints.txt"
