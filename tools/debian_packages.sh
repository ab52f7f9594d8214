#!/bin/sh
# Install the Debian packages named, or those that the tests use, where they are missing.
#
# Usage: tools/debian_packages.sh [PACKAGE...]
#
# Needs root or a sudo that asks nothing. Otherwise, and on other systems, says what to install. Without arguments it
# always succeeds: tests that miss a program say so themselves.
set -eu

required=$#
if [ $# -eq 0 ]; then
    # The browser for the studio's tests; a decoder; an RTSP camera by GStreamer on the system's Python; an MQTT broker.
    set -- chromium ffmpeg python3-gi gir1.2-gst-rtsp-server-1.0 \
        gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-ugly \
        mosquitto
fi

missing=
for package in "$@"; do
    status=$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null || true)
    [ "$status" = "install ok installed" ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null; then
    echo "not a Debian system; install what these provide:$missing" >&2
    exit "$((required > 0))"
elif [ "$(id -u)" -eq 0 ]; then
    as_root=
elif sudo -n true 2>/dev/null; then
    as_root="sudo -n"
else
    echo "missing programs; run:  sudo apt install$missing" >&2
    exit "$((required > 0))"
fi

echo "installing$missing" >&2
export DEBIAN_FRONTEND=noninteractive
if $as_root apt-get -qq update && $as_root apt-get -qq install --no-install-recommends -y $missing >/dev/null; then
    exit 0
fi
echo "could not install$missing" >&2
exit "$((required > 0))"
