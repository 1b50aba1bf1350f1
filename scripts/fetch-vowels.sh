#!/bin/sh
# Fetches the Japanese Vowels, 640 recordings of nine speakers as series of numbers, from the PyPI package `sktime` into data-cache/vowels, for training; and makes
# examples/assets/vowels/sample.ts again, which is committed: the first ten series of each speaker that are to test with. Needs unzip, and python3 with pip; or the .whl file in the directory that WHEELS names.
set -eu
cd "$(dirname "$0")/.."
out=data-cache/vowels
sample=examples/assets/vowels

fail() { echo "fetch-vowels: $1" >&2; exit 1; }
python=${PYTHON:-python3}
command -v unzip >/dev/null || fail "unzip is missing"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [ -n "${WHEELS:-}" ]; then
    cp "$WHEELS"/sktime-1.2.0-*.whl "$work" || fail "$WHEELS does not hold sktime 1.2.0"
else
    command -v "$python" >/dev/null || fail "python3 is missing, which downloads: set PYTHON to another one, or WHEELS to the directory of the .whl file"
    "$python" -m pip download -q --no-deps -d "$work" sktime==1.2.0 || fail "cannot download; is there a network?"
fi
unzip -qo "$work"/sktime-*.whl 'sktime/datasets/data/JapaneseVowels/*' -d "$work" || fail "the package does not hold the series where they used to be"
from="$work/sktime/datasets/data/JapaneseVowels"

mkdir -p "$out" "$sample"
for part in TRAIN TEST; do
    [ -f "$from/JapaneseVowels_$part.ts" ] || fail "the package does not hold JapaneseVowels_$part.ts"
    tr -d '\r' < "$from/JapaneseVowels_$part.ts" > "$out/$part.ts"
done
awk -F: '/^[#@]/ { print; next } NF && count[$NF]++ < 10' "$out/TEST.ts" > "$sample/sample.ts"
echo "series in $out, and a sample in $sample"
echo "Kudo, Toyama and Shimbo, 1999: UCI Machine Learning Repository, CC BY 4.0, see $sample/README.md"
