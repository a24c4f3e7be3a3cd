#!/bin/bash
# A whole pair on old kernels, as far as this one can play them: system calls that came later answer ENOSYS.
set -euo pipefail
. "$(dirname "$0")/common.sh"
. "$PACKAGING/checks.sh"

need gcc=gcc curl=curl openssl=openssl busybox=busybox-static
work=$(mktemp -d)
trap 'as_root rm -rf --one-file-system "$work"' EXIT
gcc -O2 -o "$work/sysfloor" "$PACKAGING/sysfloor.c"
cp "$STAGE/usr/sbin/railgund" "$STAGE/usr/bin/railgunctl" "$PACKAGING"/{checks,pair,inside_floor}.sh "$work/"

# The last system call of 2.6.32 (EL 6), 3.2 (Debian 7, Ubuntu 12.04), 3.10 and 3.13 (EL 7, Ubuntu 14.04), 3.16 (Debian 8), 4.4.
for floor in 298 311 313 316 325; do
  check "a pair without system calls above $floor" \
    as_root unshare --net --pid --mount --fork --kill-child sh "$work/inside_floor.sh" "$work" $floor
  echo "$output" | sed 's/^/      /'
done
finish
