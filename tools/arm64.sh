#!/bin/bash
# Installs whatsit by the documented lines in a Debian root file system for arm64, and runs it there, in an emulator.
# As root, on Debian:  tools/arm64.sh bookworm /tmp/arm64-bookworm [MODEL.tflite]   (or trixie; MODEL made elsewhere)
# Takes half an hour the first time; the root file system is kept, and used again. Not part of continuous integration.
set -eu -o pipefail
suite=${1:?bookworm or trixie}
root=${2:?the folder of the root file system}
model=${3:-}
cd "$(dirname "$0")/.."

say() { printf '\n== %s\n' "$*"; }
inside() { chroot "$root" /usr/bin/env -i HOME=/opt/trial PATH=/usr/bin:/bin:/usr/sbin:/sbin LANG=C.UTF-8 "${carried[@]}" bash -euc "$1"; }
disk() { inside "du -sm /opt/trial/whatsit/$1/lib/python3*/site-packages | cut -f1"; }

command -v qemu-aarch64-static debootstrap update-binfmts >/dev/null ||
    { apt-get update -q; apt-get install -qy qemu-user-static debootstrap binfmt-support; }
mountpoint -q /proc/sys/fs/binfmt_misc || mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc
test -e /proc/sys/fs/binfmt_misc/qemu-aarch64 || update-binfmts --enable qemu-aarch64

# How this machine reaches the package indexes; nothing of it stays in the repository.
carried=()
while IFS='=' read -r name value; do
    case $name in *_proxy | *_PROXY | PIP_DEFAULT_TIMEOUT | PIP_INDEX_URL | PIP_EXTRA_INDEX_URL) carried+=("$name=$value") ;; esac
done < <(env)
carried+=("PIP_CERT=/etc/ssl/certs/ca-certificates.crt" "PIP_DISABLE_PIP_VERSION_CHECK=1" "PIP_ROOT_USER_ACTION=ignore")

if ! test -e "$root/made"; then
    debootstrap --arch=arm64 --variant=minbase --include=ca-certificates,python3,python3-venv "$suite" "$root"
    touch "$root/made"
fi
cp /etc/resolv.conf "$root/etc/resolv.conf"
cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
mountpoint -q "$root/proc" || mount -t proc proc "$root/proc"
trap 'umount "$root/proc"' EXIT
rm -rf "$root/opt/trial/whatsit"
mkdir -p "$root/opt/trial/whatsit"
git ls-files -z | xargs -0 tar -cf - | tar -xf - -C "$root/opt/trial/whatsit"
test -z "$model" || cp "$model" "$root/opt/trial/elsewhere.tflite"
# Pictures to teach with, and to ask about.
inside 'rm -rf /opt/trial/pictures && mkdir -p /opt/trial/pictures/dark /opt/trial/pictures/light'

say "Debian $(cat "$root/etc/debian_version"), $(inside 'uname -m; python3 --version' | tr '\n' ' ')"
say "the core: for running"
start=$SECONDS
inside 'cd /opt/trial/whatsit && python3 -m venv core && core/bin/pip install -q .'
echo "installed in $((SECONDS - start)) s under emulation, $(disk core) MB"
inside 'cd /opt/trial && whatsit/core/bin/python - <<END
from PIL import Image
for label, grey in (("dark", 30), ("light", 220)):
    for more in range(4):
        Image.new("RGB", (96, 72), (grey + 5 * more, grey, grey)).save(f"pictures/{label}/{more}.png")
END'
inside 'cd /opt/trial && whatsit/core/bin/whatsit doctor'
inside 'cd /opt/trial && whatsit/core/bin/whatsit classify pictures/light/0.png'
inside 'cd /opt/trial && whatsit/core/bin/whatsit live --camera synthetic: -n 3'
test -z "$model" || inside 'cd /opt/trial && whatsit/core/bin/whatsit verify elsewhere.tflite'

say "for teaching in the studio"
start=$SECONDS
inside "cd /opt/trial/whatsit && python3 -m venv all && all/bin/pip install -q '.[teach,studio,opencv]'"
echo "installed in $((SECONDS - start)) s under emulation, $(disk all) MB"
inside 'cd /opt/trial && whatsit/all/bin/whatsit doctor'
inside 'cd /opt/trial && whatsit/all/bin/whatsit teach pictures -o taught.tflite && whatsit/all/bin/whatsit verify taught.tflite'
inside 'cd /opt/trial && whatsit/all/bin/whatsit classify pictures/dark --model taught.tflite'
# The first page, asked for until it comes; the server ends with this line.
inside 'cd /opt/trial && rm -rf mine && (timeout 600 whatsit/all/bin/whatsit studio mine --camera synthetic: --port 8123 --no-open &)
whatsit/all/bin/python - <<END
import time, urllib.request
for _ in range(120):
    try:
        print(urllib.request.urlopen("http://127.0.0.1:8123/", timeout=30).status, "from the studio")
        break
    except OSError:
        time.sleep(2)
else:
    raise SystemExit("the studio does not answer")
END'
say "all passed"
