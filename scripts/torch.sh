#!/bin/sh
# Installs $1, which is torch==VERSION, into the virtual environment $VENV, first from $TORCH_INDEX_URL, and then what
# torch needs. Nothing changes where all of it is there.
set -eu

torch=$1

install() { "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check "$@"; }

installed() { "$VENV/bin/python" -c 'from importlib.metadata import version; print(version("torch"))' 2>/dev/null || :; }

if [ "torch==$(installed | cut -d+ -f1)" != "$torch" ]; then
    echo "installing $torch"
    [ -z "${TORCH_INDEX_URL:-}" ] ||
        install --retries 0 --timeout 15 --no-deps --index-url "$TORCH_INDEX_URL" "$torch" 2>/dev/null ||
        echo "$torch cannot be had from $TORCH_INDEX_URL; taking the package index's own build, which is larger" >&2
fi
install "$torch"
