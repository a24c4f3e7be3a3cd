#!/bin/bash
# The whole way of a Debian user on a real systemd as the first process, in a container without network.
#   check_debian.sh SUITE
set -euo pipefail
. "$(dirname "$0")/common.sh"
. "$PACKAGING/boot.sh"

suite=$1
need systemd-nspawn=systemd-container
root_tar=$("$PACKAGING/root.sh" "$suite")
work=$(mktemp -d)
trap 'as_root rm -rf --one-file-system "$work"' EXIT
root=$work/root
mkdir "$root"
as_root tar xf "$root_tar" -C "$root"
as_root cp -r "$TOP/build/repo-before" "$root/opt/before"
as_root cp -r "$TOP/build/repo" "$root/opt/after"
boot_and_run "$root" "$PACKAGING/inside_debian.sh"
[ "$inside" = 0 ]
