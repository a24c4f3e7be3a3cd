#!/bin/bash
# The init script's exit codes, on a system without systemd: its own process ids and files, nothing of the host changed.
# Once with start-stop-daemon (Debian's way), once without it (Red Hat's).
set -euo pipefail
. "$(dirname "$0")/common.sh"
. "$PACKAGING/checks.sh"

need unshare=util-linux busybox=busybox-static
work=$(mktemp -d)
trap 'as_root rm -rf --one-file-system "$work"' EXIT

# A root of the staged tree and busybox; useradd is not needed, the user is written into passwd.
make_root() {
  local root=$1 applet
  mkdir -p "$root"/{bin,sbin,proc,dev,tmp,run,var/run,var/log/railgun,var/lib/railgun,etc}
  cp -a "$STAGE/." "$root/"
  cp "$(command -v busybox)" "$root/bin/busybox"
  for applet in $("$root/bin/busybox" --list); do
    case $applet in busybox | start-stop-daemon) ;; *) ln -s busybox "$root/bin/$applet" ;; esac
  done
  printf 'root:x:0:0::/root:/bin/sh\nrailgun:x:990:990::/var/lib/railgun:/bin/sh\n' >"$root/etc/passwd"
  printf 'root:x:0:\nrailgun:x:990:\n' >"$root/etc/group"
  cp "$PACKAGING/checks.sh" "$root/checks.sh"
  cp "$PACKAGING/inside_init.sh" "$root/inside.sh"
  rmdir "$root/var/run"
  ln -s ../run "$root/var/run"
}

run_in() {
  as_root unshare --mount --pid --fork --net --kill-child sh -c "
    mount -t proc proc '$1/proc' && mount --bind /dev '$1/dev' && ip link set lo up 2>/dev/null
    chown -R 990:990 '$1/var/lib/railgun' '$1/var/log/railgun'
    # The first process has to reap the daemons, as init does.
    chroot '$1' /bin/sh /inside.sh &
    wait \$!"
}

for family in debian redhat; do
  echo "-- $family"
  make_root "$work/$family"
  if [ $family = debian ]; then
    cp "$(command -v start-stop-daemon)" "$work/$family/sbin/"
    # Debian's own is dynamic: bring what it needs.
    ldd "$(command -v start-stop-daemon)" | grep -o '/[^ ]*' | while read -r library; do
      mkdir -p "$work/$family$(dirname "$library")"
      cp -L "$library" "$work/$family$library"
    done
  fi
  check "init script: $family" run_in "$work/$family"
  echo "$output" | sed 's/^/      /'
done
finish
