#!/bin/sh
# Fetches a recogniser of phonemes from the PyPI package `hama` into data-cache/hama: a network of 2.1 million weights in ONNX, 5 MB, and its vocabulary. scripts/convert-hama-network.py
# makes weights of it for the example `hama`.
# Needs unzip, and python3 with pip; or the .whl file in the directory that WHEELS names.
set -eu
cd "$(dirname "$0")/.."
out=data-cache/hama

fail() { echo "fetch-hama: $1" >&2; exit 1; }
python=${PYTHON:-python3}
command -v unzip >/dev/null || fail "unzip is missing"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [ -n "${WHEELS:-}" ]; then
    cp "$WHEELS"/hama-1.3.13-*.whl "$work" || fail "$WHEELS does not hold hama 1.3.13"
else
    command -v "$python" >/dev/null || fail "python3 is missing, which downloads: set PYTHON to another one, or WHEELS to the directory of the .whl file"
    "$python" -m pip download -q --no-deps -d "$work" hama==1.3.13 || fail "cannot download; is there a network?"
fi
unzip -qo "$work"/hama-*.whl -d "$work"
for file in asr_waveform_fp16.onnx g2p_vocab.json; do
    [ -f "$work/hama/assets/$file" ] || fail "the package does not hold $file where it used to be"
done

rm -rf "$out"
mkdir -p "$out"
cp "$work/hama/assets/asr_waveform_fp16.onnx" "$work/hama/assets/g2p_vocab.json" "$out"
cp "$work/hama-1.3.13.dist-info/METADATA" "$out/METADATA"
echo "network and vocabulary in $out"
echo "Seongmin Park, Apache-2.0 licence, see $out/METADATA"
