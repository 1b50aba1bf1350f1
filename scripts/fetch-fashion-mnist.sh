#!/bin/sh
# Fetches Fashion-MNIST into data-cache/fashion-mnist, for `cargo run --release --example train_images`: seventy thousand pictures of clothes.
# Takes them from Debian; needs apt-get and dpkg-deb, or the .deb file in the directory that DEBS names.
set -eu
cd "$(dirname "$0")/.."
out=data-cache/fashion-mnist
package=dataset-fashion-mnist

fail() { echo "fetch-fashion-mnist: $1" >&2; exit 1; }
command -v dpkg-deb >/dev/null || fail "dpkg-deb is missing: run this on Debian or Ubuntu, or install the package dpkg"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [ -n "${DEBS:-}" ]; then
    cp "$DEBS/$package"_*.deb "$work" || fail "$DEBS does not hold $package"
else
    command -v apt-get >/dev/null || fail "apt-get is missing: download $package from packages.debian.org and set DEBS to its directory"
    (cd "$work" && apt-get download "$package") || fail "cannot download; is there a network, and has apt-get update run?"
fi
for deb in "$work"/*.deb; do dpkg-deb -x "$deb" "$work/x"; done
from="$work/x/usr/share"
[ -f "$from/datasets/fashion-mnist/train-images-idx3-ubyte.gz" ] || fail "the package holds no pictures where they used to be"

rm -rf "$out"
mkdir -p "$out"
for file in train-images-idx3-ubyte train-labels-idx1-ubyte t10k-images-idx3-ubyte t10k-labels-idx1-ubyte; do
    gzip -dc "$from/datasets/fashion-mnist/$file.gz" > "$out/$file"
done
cp "$from/doc/$package/copyright" "$out/copyright"
echo "four files of pictures and labels in $out"
echo "Copyright Zalando SE, MIT licence, see $out/copyright"
