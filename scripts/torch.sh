#!/bin/sh
# Installs the torch of requirements.lock into the virtual environment $VENV, from $TORCH_INDEX_URL if it is there, then
# the packages that torch requires. Leaves an up-to-date environment unchanged. Writes $VENV/constraints.txt, the versions
# for everything that is installed afterwards.
set -eu

torch=$(grep '^torch==' requirements.lock) || { echo "requirements.lock pins no torch==VERSION" >&2; exit 1; }
constraints=$VENV/constraints.txt

install() { "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check "$@"; }

installed() { "$VENV/bin/python" -c 'from importlib.metadata import version; print(version("torch"))' 2>/dev/null || :; }

if [ "torch==$(installed | cut -d+ -f1)" != "$torch" ]; then
    echo "installing $torch"
    [ -z "${TORCH_INDEX_URL:-}" ] ||
        install --retries 0 --timeout 15 --no-deps --index-url "$TORCH_INDEX_URL" "$torch" 2>/dev/null ||
        echo "$torch is not available from $TORCH_INDEX_URL; installing the larger build of the package index" >&2
    # Alone, so that no other package influences which build is chosen.
    install --no-deps "$torch"
fi
case $(installed) in
    # The lock has the CUDA packages of the package index's build. Builds for other CUDA versions pin their own.
    *+cu*) grep -Ev '^(cuda|nvidia)-' requirements.lock >"$constraints" ;;
    *) cp requirements.lock "$constraints" ;;
esac
install --constraint "$constraints" "$torch"
