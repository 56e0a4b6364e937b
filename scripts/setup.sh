#!/bin/sh
# Makes or completes the virtual environment $VENV. Needs PYTHON, VENV, TORCH_VERSION, TORCH_INDEX_URL.
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

install() { "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check "$@"; }

# torch first and alone, so that nothing else chooses its build: the CPU index at once, then the plain index.
torch_version() { "$VENV/bin/python" -c 'from importlib.metadata import version; print(version("torch"))' 2>/dev/null || :; }
if [ "$(torch_version | cut -d+ -f1)" != "$TORCH_VERSION" ]; then
    echo "installing torch $TORCH_VERSION"
    { [ -n "$TORCH_INDEX_URL" ] && install --retries 0 --timeout 15 --no-deps --index-url "$TORCH_INDEX_URL" \
        "torch==$TORCH_VERSION" 2>/dev/null; } || install "torch==$TORCH_VERSION"
fi

echo "installing the rest"
constraint=$(mktemp)
trap 'rm -f "$constraint"' EXIT
echo "torch==$(torch_version)" >"$constraint"
"$VENV/bin/python" scripts/requirements.py | install --constraint "$constraint" --requirement /dev/stdin
