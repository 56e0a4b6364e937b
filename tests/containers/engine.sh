#!/bin/sh
# engine.sh COMMAND...: runs COMMAND with DOCKER_HOST at a podman of its own, which ends with it.
# Its images, containers and settings lie in $TOOLS; the machine's own podman, if it has one, is left alone.
set -eu

# There is no systemd to ask for limits and cgroups, and crun refuses cgroups of mixed versions.
cat >"$TOOLS/containers.conf" <<END
[containers]
default_ulimits = ["nofile=20000:20000", "nproc=32768:32768"]
log_driver = "k8s-file"
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
helper_binaries_dir = ["/usr/lib/podman", "/usr/libexec/podman", "/usr/bin"]
[network]
network_backend = "netavark"
network_config_dir = "$TOOLS/networks"
END
cat >"$TOOLS/storage.conf" <<END
[storage]
driver = "overlay"
graphroot = "$TOOLS/storage"
runroot = "$TOOLS/run"
END
echo '{"default": [{"type": "insecureAcceptAnything"}]}' >"$TOOLS/policy.json"
export CONTAINERS_CONF="$TOOLS/containers.conf" CONTAINERS_STORAGE_CONF="$TOOLS/storage.conf"
export DOCKER_HOST="unix://$TOOLS/podman.sock" DOCKER_CONFIG="$TOOLS/docker" DOCKER_BUILDKIT=0

rm -f "$TOOLS/podman.sock"
podman system service --time=0 "$DOCKER_HOST" >"$TOOLS/podman.log" 2>&1 &
engine=$!
trap 'kill "$engine"; wait "$engine" || :' EXIT
until [ -S "$TOOLS/podman.sock" ]; do
    kill -0 "$engine" || { cat "$TOOLS/podman.log" >&2; exit 1; }
    sleep 0.1
done
"$@"
