#!/bin/sh
# Fetches a microscope's picture of nuclei, and which of its pixels are nuclei, from the PyPI package `stardist`: makes examples/assets/nuclei/ again,
# which is committed. Needs unzip, and python3 with pip, numpy and pillow (python3 -m pip install numpy pillow), which read the .tif files; or the
# .whl file in the directory that WHEELS names.
set -eu
cd "$(dirname "$0")/.."
out=examples/assets/nuclei

fail() { echo "fetch-nuclei: $1" >&2; exit 1; }
python=${PYTHON:-python3}
command -v unzip >/dev/null || fail "unzip is missing"
command -v "$python" >/dev/null || fail "python3 is missing, which reads the .tif files; set PYTHON to another one"
"$python" -c 'import numpy, PIL' 2>/dev/null || fail "a package is missing: $python -m pip install numpy pillow"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [ -n "${WHEELS:-}" ]; then
    cp "$WHEELS"/stardist-0.9.2-*.whl "$work" || fail "$WHEELS does not hold stardist 0.9.2"
else
    "$python" -m pip download -q --no-deps -d "$work" stardist==0.9.2 || fail "cannot download; is there a network?"
fi
unzip -qo "$work"/stardist-*.whl -d "$work"
from="$work/stardist/data/images"
[ -f "$from/img2d.tif" ] && [ -f "$from/mask2d.tif" ] || fail "the package holds no pictures where they used to be"

mkdir -p "$out"
"$python" - "$from" "$out" <<'PYTHON'
import sys
import numpy
from PIL import Image

source, target = sys.argv[1:]
picture, mask = (numpy.array(Image.open(f"{source}/{name}.tif")) for name in ("img2d", "mask2d"))
if picture.max() > 255:
    sys.exit("the picture has more than 8 bits")
Image.fromarray(picture.astype(numpy.uint8)).save(f"{target}/picture.pgm")
Image.fromarray(((mask > 0) * 255).astype(numpy.uint8)).save(f"{target}/mask.pgm")
PYTHON
cp "$work"/stardist-0.9.2.dist-info/licenses/LICENSE.txt "$out/LICENSE"
echo "picture and mask in $out"
echo "Copyright Uwe Schmidt and Martin Weigert, BSD-3-Clause licence, see $out/LICENSE"
