#!/bin/bash
# Builds the packages and their predecessor, puts both into signed repositories, and tries everything a user would.
#   test-packages.sh [CHECK...]    some of: programs packages init floor dnf debian-SUITE reproducible, which are
#                                what runs without any, and native, which builds everything once more
# Each one's output is kept in build/test-packages.
set -euo pipefail
. "$(dirname "$0")/common.sh"

results=$TOP/build/test-packages
mkdir -p "$results"
checks=("$@")
[ ${#checks[@]} -gt 0 ] || checks=(programs packages init floor dnf debian-bullseye debian-bookworm debian-trixie reproducible)

"$PACKAGING/packages.sh"
"$PACKAGING/repo.sh"
# The version before, to upgrade from: the same programs, a lower number, another railgun.conf.
(
  export RAILGUN_VERSION=0.0.1 RAILGUN_NO_BUILD=1 RAILGUN_PACKAGES=$TOP/build/packages-before RAILGUN_REPO=$TOP/build/repo-before
  "$PACKAGING/packages.sh"
  "$PACKAGING/repo.sh"
)

failed=0
for name in "${checks[@]}"; do
  started=$SECONDS
  case $name in
    debian-*) command=("$PACKAGING/check_debian.sh" "${name#debian-}") ;;
    *) command=("$PACKAGING/check_$name.sh") ;;
  esac
  if "${command[@]}" >"$results/$name.log" 2>&1; then verdict=ok; else verdict=FAIL failed=$((failed + 1)); fi
  printf '%-5s %-16s %4d s  %s\n' $verdict "$name" $((SECONDS - started)) "$(tail -n 1 "$results/$name.log")"
  [ $verdict = ok ] || grep -A3 -E '^ *FAIL' "$results/$name.log" | head -n 40 | sed 's/^/        /' || true
done
[ $failed = 0 ]
