#!/bin/bash
# Debian's own kind of package, dynamic: made from this tree, clean in lintian's eyes, installed and started in a container
# of the release that this machine runs.
set -euo pipefail
. "$(dirname "$0")/common.sh"
. "$PACKAGING/checks.sh"
. "$PACKAGING/boot.sh"

need systemd-nspawn=systemd-container lintian=lintian ar=binutils
"$PACKAGING/packages.sh" --native-only
deb=$(echo "$PACKAGES"/native/railgun_*.deb)
check "lintian" lintian --allow-root --fail-on error,warning "$deb"
same "members" "debian-binary control.tar.gz data.tar.gz" "$(ar t "$deb" | xargs)"
same "holds what the portable one holds" \
  "$(dpkg-deb -c "$PACKAGES/railgun_${VERSION}_amd64.deb" | awk '$1 ~ /^-/ { print substr($6, 2) }' |
    grep -vE '/doc/railgun/(licences.gz|static-libraries)$' | sort)" \
  "$(dpkg-deb -c "$deb" | awk '$1 ~ /^-/ { print substr($6, 2) }' | sed 's,^/usr/lib/systemd/system/,/lib/systemd/system/,' | sort)"
same "the same configuration files" "$(dpkg-deb -I "$PACKAGES/railgun_${VERSION}_amd64.deb" conffiles | sort)" \
  "$(dpkg-deb -I "$deb" conffiles | sort)"

suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
# Its dependencies by name alone: their versions are this release's.
libraries=$(dpkg-deb -f "$deb" Depends | tr ',' '\n' | awk '{ print $1 }' | sort | paste -sd,)
root_tar=$("$PACKAGING/root.sh" "$suite" "$libraries")
work=$(mktemp -d)
trap 'as_root rm -rf --one-file-system "$work"' EXIT
as_root mkdir "$work/root"
as_root tar xf "$root_tar" -C "$work/root"
as_root cp "$deb" "$work/root/opt/railgun.deb"
boot_and_run "$work/root" "$PACKAGING/inside_native.sh"
same "in the container" 0 "$inside"
finish
