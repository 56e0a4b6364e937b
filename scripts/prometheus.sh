#!/bin/sh
# Checks that prometheus, promtool, alertmanager and amtool are on PATH or in $1/bin. Otherwise unpacks Debian's packages
# into $1 without installing them, since an installation would start the servers. Needs root only for alertmanager's
# templates, which Debian's build reads from an absolute path.
set -eu

folder=$1
mkdir -p "$folder/bin"
folder=$(cd "$folder" && pwd)

is_there() { [ -x "$folder/bin/$1" ] || command -v "$1" >/dev/null; }
all_there() { is_there prometheus && is_there promtool && is_there alertmanager && is_there amtool; }

templates=/usr/share/prometheus/alertmanager
place_templates() {
    [ -e "$folder/unpacked$templates" ] && ! [ -e "$templates" ] || return 0
    if ! { mkdir -p "$templates" && cp "$folder/unpacked$templates"/*.tmpl "$templates"; } 2>/dev/null; then
        echo "Debian's alertmanager reads $templates, which only root can create: sudo apt-get install prometheus-alertmanager" >&2
        exit 1
    fi
}

if all_there; then
    place_templates
    exit 0
fi
if ! command -v apt-get >/dev/null || ! command -v dpkg >/dev/null; then
    echo "this needs prometheus, promtool, alertmanager and amtool on PATH; Debian and Ubuntu have them as packages" >&2
    exit 1
fi
echo "unpacking prometheus and prometheus-alertmanager"
download() { (cd "$folder" && apt-get download -qq prometheus prometheus-alertmanager 2>/dev/null); }
if ! download; then
    [ "$(id -u)" = 0 ] || { echo "the package lists are missing or old: sudo apt-get update" >&2; exit 1; }
    apt-get update -qq
    download
fi
for package in "$folder"/*.deb; do
    dpkg -x "$package" "$folder/unpacked"
done
for tool in prometheus promtool amtool; do
    ln -sf "../unpacked/usr/bin/$tool" "$folder/bin/$tool"
done
ln -sf ../unpacked/usr/bin/prometheus-alertmanager "$folder/bin/alertmanager"
place_templates
all_there
