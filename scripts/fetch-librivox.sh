#!/bin/sh
# Fetches five sentences of a book, read aloud, into data-cache/librivox, for `cargo run --release --example hama`. Takes them from Debian; needs apt-get and dpkg-deb, or the
# .deb file in the directory that DEBS names.
set -eu
cd "$(dirname "$0")/.."
out=data-cache/librivox
package=pocketsphinx-testdata

fail() { echo "fetch-librivox: $1" >&2; exit 1; }
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
from="$work/x/usr/share/pocketsphinx/test/data/librivox"
[ -f "$from/transcription" ] || fail "the package holds no recordings where they used to be"

rm -rf "$out"
mkdir -p "$out"
cp "$from"/*.wav "$from/transcription" "$out"
cp "$work/x/usr/share/doc/$package/copyright" "$out/copyright"
echo "$(find "$out" -name '*.wav' | wc -l) recordings in $out"
echo "Read for LibriVox, public domain; the package: Carnegie Mellon University, BSD-2-Clause, see $out/copyright"
