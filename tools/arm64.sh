#!/bin/bash
# Installs whatsit by the documented lines in a Debian root file system for arm64, and runs it there, in an emulator.
# As root, on Debian:  tools/arm64.sh bookworm /tmp/arm64-bookworm [MODEL.tflite]   (or trixie; MODEL made elsewhere)
# Takes minutes; the root file system is kept, and used again. PARTS=core or PARTS=studio tries one part alone, and KEEP=1
# goes on with what the run before installed, also where that was stopped.
# Wheels are fetched outside, where pip runs at full speed: nothing in the emulator needs a network.
# Not part of continuous integration.
set -eu -o pipefail
suite=${1:?bookworm or trixie}
root=${2:?the folder of the root file system}
model=${3:-}
parts=${PARTS:-core studio}
cd "$(dirname "$0")/.."

say() { printf '\n== %s\n' "$*"; }
inside() { # COMMANDS, on the processor of a Pi 4: the emulator's usual one has SVE, whose numpy warns where nothing is wrong
    chroot "$root" /usr/bin/env -i QEMU_CPU=cortex-a72 HOME=/opt/trial PATH=/usr/bin:/bin:/usr/sbin:/sbin LANG=C.UTF-8 \
        PIP_NO_INDEX=1 PIP_FIND_LINKS=/opt/trial/wheels PIP_ROOT_USER_ACTION=ignore bash -euc "cd /opt/trial; $1"
}
install() { # ENVIRONMENT WHAT: the documented lines
    local start=$SECONDS
    test ! -e "$root/opt/trial/whatsit/$1/made" || { echo "$2 as it was installed before"; return; }
    rm -rf "$root/opt/trial/whatsit/$1"
    inside "cd whatsit && python3 -m venv $1 && $1/bin/pip install -q '$2'"
    echo "$2 installed in $((SECONDS - start)) s under emulation," \
        "$(inside "du -sm whatsit/$1/lib/python3*/site-packages | cut -f1") MB"
    touch "$root/opt/trial/whatsit/$1/made"
}
draw() { # ENVIRONMENT: pictures to teach with, and to ask about
    inside "whatsit/$1/bin/python - <<END
from PIL import Image
for label, grey in (('dark', 30), ('light', 220)):
    for more in range(4):
        Image.new('RGB', (96, 72), (grey + 5 * more, grey, grey)).save(f'pictures/{label}/{more}.png')
END"
}

command -v qemu-aarch64-static debootstrap update-binfmts >/dev/null ||
    { apt-get update -q; apt-get install -qy qemu-user-static debootstrap binfmt-support; }
mountpoint -q /proc/sys/fs/binfmt_misc || mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc
test -e /proc/sys/fs/binfmt_misc/qemu-aarch64 || update-binfmts --enable qemu-aarch64

if ! test -e "$root/made"; then
    debootstrap --arch=arm64 --variant=minbase --include=python3,python3-venv "$suite" "$root"
    touch "$root/made"
fi
mountpoint -q "$root/proc" || mount -t proc proc "$root/proc"
trap 'umount "$root/proc"' EXIT
mkdir -p "$root"/opt/trial/pictures/{dark,light}
python=$(inside 'python3 -c "import sys; print(*sys.version_info[:2], sep=\".\")"')
test -z "$model" || cp "$model" "$root/opt/trial/elsewhere.tflite"
if test -z "${KEEP:-}" || ! test -e "$root/opt/trial/wheels"; then
    rm -rf "$root"/opt/trial/{whatsit,wheels,fetched}
    mkdir "$root"/opt/trial/{whatsit,fetched}
    git ls-files -z | xargs -0 tar -cf - | tar -xf - -C "$root/opt/trial/whatsit"
    platforms=()
    for since in manylinux2014 manylinux_2_{17,24,26,27,28,31,34}; do platforms+=(--platform "${since}_aarch64"); done
    python3 -m pip download -q --only-binary=:all: --implementation cp --python-version "$python" "${platforms[@]}" \
        -d "$root/opt/trial/fetched" hatchling '.[teach,studio,opencv]'
    mv "$root/opt/trial/fetched" "$root/opt/trial/wheels"
fi

say "Debian $(cat "$root/etc/debian_version"), $(inside 'uname -m'), Python $python"
case $parts in *core*)
    say "the core: for running"
    install core .
    inside 'whatsit/core/bin/whatsit doctor'
    draw core
    inside 'whatsit/core/bin/whatsit classify pictures/light/0.png'
    inside 'whatsit/core/bin/whatsit live --camera synthetic: -n 3'
    test -z "$model" || inside 'whatsit/core/bin/whatsit verify elsewhere.tflite'
    ;;
esac

case $parts in *studio*)
    say "for teaching in the studio"
    install all '.[teach,studio,opencv]'
    inside 'whatsit/all/bin/whatsit doctor'
    draw all
    inside 'whatsit/all/bin/whatsit teach pictures -o taught.tflite && whatsit/all/bin/whatsit verify taught.tflite'
    inside 'whatsit/all/bin/whatsit classify pictures/dark --model taught.tflite'
    # The first page, asked for until it comes; the server ends with this line.
    inside 'rm -rf mine
timeout 600 whatsit/all/bin/whatsit studio mine --camera synthetic: --port 8123 --no-open &
trap "kill $!" EXIT
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
    ;;
esac
say "all passed: $parts"
