#!/bin/sh
# Fetches the English prompts of the Asterisk telephone exchange into data-cache/asterisk: recordings and their texts, for
# `cargo run --release --example train_wav2letter`. Takes them from Debian; needs apt-get and dpkg-deb, or the two .deb files in
# the directory that DEBS names.
set -eu
cd "$(dirname "$0")/.."
out=data-cache/asterisk
sounds=asterisk-core-sounds-en-wav
texts=asterisk-core-sounds-en

fail() { echo "fetch-asterisk: $1" >&2; exit 1; }
command -v dpkg-deb >/dev/null || fail "dpkg-deb is missing: run this on Debian or Ubuntu, or install the package dpkg"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [ -n "${DEBS:-}" ]; then
    cp "$DEBS/$sounds"_*.deb "$DEBS/$texts"_*.deb "$work" || fail "$DEBS does not hold $sounds and $texts"
else
    command -v apt-get >/dev/null || fail "apt-get is missing: download $sounds and $texts from packages.debian.org and set DEBS to their directory"
    (cd "$work" && apt-get download "$sounds" "$texts") || fail "cannot download; is there a network, and has apt-get update run?"
fi
for deb in "$work"/*.deb; do dpkg-deb -x "$deb" "$work/x"; done
from="$work/x/usr/share"
[ -d "$from/asterisk/sounds/en_US_f_Allison" ] || fail "the package holds no recordings where they used to be"

rm -rf "$out"
mkdir -p "$out"
cp -r "$from/asterisk/sounds/en_US_f_Allison" "$out/sounds"
gzip -dc "$from/doc/$texts/core-sounds-en.txt.gz" > "$out/core-sounds-en.txt"
cp "$from/doc/$sounds/copyright" "$out/copyright"
echo "$(find "$out/sounds" -name '*.wav' | wc -l) recordings in $out"
echo "Recorded by Allison Smith (http://www.theivrvoice.com), paid for by Digium, Inc. Licence: CC-BY-SA-3.0, see $out/copyright"
