#!/bin/bash
# The lower bounds of pyproject.toml, tried: the oldest versions that they allow, and a quick part of the tests on these.
# tools/lowest.sh [TEST ...]     Takes some minutes; uv comes from PyPI where it is not installed. Not part of continuous
# integration.
set -eu -o pipefail
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
uv=${UV:-uv}
if ! command -v "$uv" >/dev/null; then
    python3 -m venv "$folder/uv"
    "$folder/uv/bin/pip" install --quiet uv
    uv=$folder/uv/bin/uv
fi
"$uv" venv --quiet "$folder/own"
install() { "$uv" pip install --quiet --python "$folder/own/bin/python" --only-binary :all: --no-binary whatsit "$@"; }
install --resolution lowest-direct '.[bulk,gpio,heif,mqtt,opencv,studio,teach,tls]'
install hypothesis httpx psutil pytest pytest-rerunfailures
"$folder/own/bin/whatsit" doctor
# Old versions warn of what newer ones of others do; that is no fault of ours.
quick=(tests/plugins tests/heads tests/imaging tests/tflite/test_int8_graph.py tests/models/test_classifier.py
    tests/serving/test_serving_access.py tests/bulk/test_bulk.py tests/studio/test_studio_server.py)
test $# -eq 0 || quick=("$@")
"$folder/own/bin/python" -m pytest -o addopts=--strict-markers -W default -q "${quick[@]}"
