#!/bin/bash
# The whole way of a Debian user on a real systemd as the first process, in a container without network.
#   check_debian.sh SUITE
set -euo pipefail
. "$(dirname "$0")/common.sh"

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
as_root cp "$PACKAGING/checks.sh" "$PACKAGING/pair.sh" "$PACKAGING/inside_debian.sh" "$root/opt/"
as_root tee "$root/etc/systemd/system/inside.service" >/dev/null <<'UNIT'
[Unit]
After=multi-user.target
[Service]
Type=oneshot
TimeoutStartSec=300
ExecStart=-/bin/sh -c '/bin/sh /opt/inside_debian.sh >/opt/result 2>&1; echo $? >/opt/code'
ExecStartPost=/bin/systemctl --no-block poweroff
[Install]
WantedBy=default.target
UNIT
as_root mkdir -p "$root/etc/systemd/system/default.target.wants"
as_root ln -s ../inside.service "$root/etc/systemd/system/default.target.wants/inside.service"

as_root timeout 400 systemd-nspawn --register=no --keep-unit --private-network -b -q -D "$root" \
  </dev/null >"$work/console" 2>&1 || true
cat "$root/opt/result" 2>/dev/null || { tail -n 30 "$work/console"; die "$suite did not boot"; }
[ "$(cat "$root/opt/code")" = 0 ]
