#!/bin/sh
# Makes sure that there is a Chromium for the page's tests; root gets Debian's, everybody else is told.
set -eu

for name in chromium chromium-browser google-chrome-stable google-chrome; do
    command -v "$name" >/dev/null && exit 0
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "installing chromium"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -qq --yes --no-install-recommends chromium fonts-dejavu-core
    exit 0
fi
echo "the page's tests need Chromium or Chrome on PATH: sudo apt-get install chromium (Debian), or any other way" >&2
exit 1
