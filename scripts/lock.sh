#!/bin/sh
# lock.sh PYTHON TOOLS [OPTION ...]: resolves pyproject.toml, with all extras and groups, into requirements.lock. The file
# is valid for every platform, for each Python from 3.11 on, and for torch's CPU and CUDA builds. Versions in it are kept
# where they still satisfy pyproject.toml; the option --upgrade takes the newest.
set -eu
python=$1 tools=$2
shift 2

if ! [ -x "$tools/bin/uv" ]; then
    echo "creating $tools" >&2
    "$python" -m venv --clear "$tools"
    "$tools/bin/python" -m pip install --quiet --disable-pip-version-check --constraint requirements.lock uv
fi
UV_CUSTOM_COMPILE_COMMAND="make lock" "$tools/bin/uv" pip compile --quiet --universal --python-version 3.11 \
    --no-emit-index-url --all-extras --group training --group dev --group tools \
    --output-file requirements.lock "$@" pyproject.toml
