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
"$VENV/bin/python" scripts/requirements.py >"$requirements"
torch=$(grep '^torch==' "$requirements") || { echo "pyproject.toml pins no torch==VERSION" >&2; exit 1; }

install() { "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check "$@"; }

installed_torch() { "$VENV/bin/python" -c 'from importlib.metadata import version; print(version("torch"))' 2>/dev/null || :; }

install_torch() {
    if [ -n "$TORCH_INDEX_URL" ]; then
        install --retries 0 --timeout 15 --no-deps --index-url "$TORCH_INDEX_URL" "$torch" 2>/dev/null && return
        echo "$torch cannot be had from $TORCH_INDEX_URL; taking the package index's own build, which is larger" >&2
    fi
    install "$torch"
}

# torch first and alone, so that nothing else chooses its build.
if [ "torch==$(installed_torch | cut -d+ -f1)" != "$torch" ]; then
    echo "installing $torch"
    install_torch
fi

echo "installing the rest"
install --requirement "$requirements"
