#!/bin/bash
# Makes a root file system of a Debian release for the install tests, keeps it, and prints its tar file.
#   root.sh SUITE [PACKAGE,PACKAGE...]    more packages than every test needs
# The mirror is the one that this machine's apt uses.
set -euo pipefail
. "$(dirname "$0")/common.sh"

suite=$1
# systemd and dbus to boot it; curl as the client and busybox as the origin of the pair test.
packages=systemd-sysv,dbus,adduser,procps,logrotate,ca-certificates,curl,openssl,busybox-static${2:+,$2}
root=$CACHE/root-$suite-$(printf '%s' "$packages" | sha256sum | cut -c1-8).tar
if [ ! -e "$root" ]; then
  need mmdebstrap=mmdebstrap
  mkdir -p "$CACHE"
  mirror=$(awk '/^URIs:/ { print $2; exit }' /etc/apt/sources.list.d/debian.sources 2>/dev/null || true)
  [ -n "$mirror" ] || mirror=$(awk '$1 == "deb" { print $2; exit }' /etc/apt/sources.list)
  say "root: making $root"
  as_root mmdebstrap --quiet --variant=minbase --include="$packages" "$suite" "${root%.tar}.new.tar" "deb $mirror $suite main" >&2 ||
    die "mmdebstrap failed for $suite"
  mv "${root%.tar}.new.tar" "$root"
fi
echo "$root"
