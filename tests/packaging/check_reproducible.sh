#!/bin/bash
# Two builds of the same commit, in two folders, give the same bytes.
set -euo pipefail
. "$(dirname "$0")/common.sh"
. "$PACKAGING/checks.sh"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/elsewhere"
git -C "$TOP" ls-files -z --cached --others --exclude-standard | (cd "$TOP" && tar c --null -T -) | tar x -C "$work/elsewhere"
# Not from the compiler's cache: it would give back what the first build made.
CCACHE_DISABLE=1 RAILGUN_JOBS=$JOBS "$work/elsewhere/tests/packaging/packages.sh"
for file in "railgun_${VERSION}_amd64.deb" "railgun-$VERSION-1.x86_64.rpm"; do
  check "$file: the same bytes" cmp "$PACKAGES/$file" "$work/elsewhere/build/packages/$file"
done
finish
