#!/bin/sh
# Build the Containerfile and pass its health check, also where no registry of images can be reached.
#
# Usage: tools/container.sh
#
# Needs root, and Debian's buildah (and debootstrap, where the base image cannot be pulled: Debian's own Python stands in
# for it then). Steps and the health check run in a chroot, so no container runtime is needed. It takes minutes.
set -eu
cd "$(dirname "$0")/.."
tools/debian_packages.sh buildah
export STORAGE_DRIVER="${STORAGE_DRIVER:-vfs}" BUILDAH_ISOLATION=chroot

base=$(sed -n 's/^FROM //p' Containerfile)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if ! buildah images --quiet "$base" >/dev/null 2>&1 && ! buildah pull --quiet "$base" 2>"$work/pull"; then
    echo "$base cannot be pulled; Debian's Python stands in for it" >&2
    tools/debian_packages.sh debootstrap
    debootstrap --variant=minbase --include=python3,python3-pip,ca-certificates bookworm "$work/system" >"$work/log"
    rm -f "$work"/system/usr/lib/python3*/EXTERNALLY-MANAGED
    [ ! -f /etc/pip.conf ] || cp /etc/pip.conf "$work/system/etc/pip.conf"
    cp /etc/ssl/certs/ca-certificates.crt "$work/system/etc/ssl/certs/ca-certificates.crt"
    made=$(buildah from scratch)
    buildah add --quiet "$made" "$work/system" / >/dev/null
    buildah commit --quiet --rm "$made" "$base" >/dev/null
fi

# The health check is no part of OCI's image format.
buildah build --quiet --format docker --pull-never --network host --file Containerfile --tag whatsit . >/dev/null
check=$(buildah inspect --type image --format '{{index .Docker.Config.Healthcheck.Test 1}}' whatsit)
made=$(buildah from --pull-never whatsit)
trap 'buildah rm "$made" >/dev/null; rm -rf "$work"' EXIT
# As the image's user, with the command of the image; 60 s is the start period of the check.
buildah run --user whatsit "$made" -- sh -eu -c '
    cd /project
    whatsit live --camera synthetic: >/tmp/said 2>&1 &
    for _ in $(seq 60); do
        sleep 1
        if sh -c "$1" >/dev/null 2>&1; then
            kill -TERM $!
            wait || true
            ! touch /usr/local/x 2>/dev/null
            exit
        fi
    done
    tail -5 /tmp/said >&2
    exit 1' check "$check"
# Said here: the last lines of what runs inside can be lost when it ends.
echo "built; its command runs without root, passes the health check, and cannot write to /usr"
