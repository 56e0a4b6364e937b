#!/bin/sh
# Checks that the page's tests have a Chromium. As root on Debian, installs it; otherwise prints how to.
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
    echo "apt-get could not install chromium; see its output above" >&2
fi
echo "the page's tests need Chromium or Chrome on PATH, for example: sudo apt-get install chromium (Debian)" >&2
exit 1
