#!/bin/sh
# Makes sure that there is a Chromium for the page's tests; root gets Debian's, everybody else is told.
set -eu

found() {
    for name in chromium chromium-browser google-chrome-stable google-chrome; do
        command -v "$name" >/dev/null && return 0
    done
    return 1
}

found && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "installing chromium"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq && apt-get install -qq --yes --no-install-recommends chromium fonts-dejavu-core || true
    found && exit 0
    echo "apt-get did not bring chromium: its reason is above" >&2
fi
echo "the page's tests need Chromium or Chrome on PATH: sudo apt-get install chromium (Debian), or any other way" >&2
exit 1
