#!/bin/sh
# Makes or completes the virtual environment $VENV. Needs PYTHON, VENV, TORCH_INDEX_URL.
set -eu

if ! "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "labn needs Python 3.11 or newer; name one with: make PYTHON=python3.12" >&2
    exit 1
fi
# An interrupted creation leaves an interpreter without pip: begin again.
if ! "$VENV/bin/python" -m pip --version >/dev/null 2>&1; then
    echo "making $VENV"
    "$PYTHON" -m venv --clear "$VENV"
fi

requirements=$(mktemp)
trap 'rm -f "$requirements"' EXIT
"$VENV/bin/python" scripts/requirements.py tracing training dev >"$requirements"
torch=$(grep '^torch==' "$requirements") || { echo "pyproject.toml pins no torch==VERSION" >&2; exit 1; }

# torch first and alone, so that nothing else chooses its build.
VENV="$VENV" TORCH_INDEX_URL="$TORCH_INDEX_URL" scripts/torch.sh "$torch"

echo "installing the rest"
"$VENV/bin/python" -m pip install --quiet --disable-pip-version-check --requirement "$requirements"
