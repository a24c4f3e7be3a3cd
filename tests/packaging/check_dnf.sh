#!/bin/bash
# The whole way of a Red Hat user: signed yum repository, install, verify, upgrade with an edited configuration, erase.
# No base system of that family is to be had here, so a small package stands in for it: busybox, and what the scriptlets call.
set -euo pipefail
. "$(dirname "$0")/common.sh"
. "$PACKAGING/checks.sh"

need dnf=dnf createrepo_c=createrepo-c busybox=busybox-static rpmbuild=rpm
work=$(mktemp -d)
trap 'as_root umount -q "$work/root/proc" 2>/dev/null || true; as_root rm -rf --one-file-system "$work"' EXIT
root=$work/root
conf=$root/etc/railgun/railgun.conf

# ---- the stand-in for a base system ------------------------------------------------------------------------------------
mkdir -p "$work/base"
cat >"$work/base/useradd" <<'TOOL'
#!/bin/sh
# The options that the scriptlet uses, written into passwd.
for name; do :; done
echo "$name:x:990:990::/var/lib/railgun:/sbin/nologin" >>/etc/passwd
TOOL
cat >"$work/base/groupadd" <<'TOOL'
#!/bin/sh
for name; do :; done
echo "$name:x:990:" >>/etc/group
TOOL
cat >"$work/base/getent" <<'TOOL'
#!/bin/sh
grep "^$2:" "/etc/$1"
TOOL
cat >"$work/testbase.spec" <<'SPEC'
%global __os_install_post %{nil}
%global debug_package %{nil}
Name: testbase
Version: 1
Release: 1
Summary: Stands in for a base system
License: none
AutoReqProv: no
Provides: shadow-utils, /bin/sh
%description
Stands in for a base system.
%install
mkdir -p %{buildroot}/bin %{buildroot}/usr/sbin %{buildroot}/usr/bin %{buildroot}/etc %{buildroot}/var/log %{buildroot}/var/lib \
  %{buildroot}/run %{buildroot}/tmp
cp %{busybox} %{buildroot}/bin/busybox
for tool in $(%{busybox} --list); do
  case $tool in busybox) ;; *) ln -s busybox %{buildroot}/bin/$tool ;; esac
done
cp %{tools}/useradd %{tools}/groupadd %{buildroot}/usr/sbin/
cp %{tools}/getent %{buildroot}/usr/bin/
chmod 755 %{buildroot}/usr/sbin/* %{buildroot}/usr/bin/*
echo 'root:x:0:0::/root:/bin/sh' >%{buildroot}/etc/passwd
echo 'root:x:0:' >%{buildroot}/etc/group
ln -s ../run %{buildroot}/var/run
%files
/bin
/usr
%config /etc/passwd
%config /etc/group
/var
/run
/tmp
SPEC
rpmbuild -bb --quiet --define "_topdir $work/rpm" --define "busybox $(command -v busybox)" --define "tools $work/base" \
  "$work/testbase.spec" >"$work/base.log" 2>&1 || { cat "$work/base.log"; die "cannot make the stand-in for a base system"; }
mkdir -p "$work/base-repo"
cp "$work"/rpm/RPMS/*/testbase-*.rpm "$work/base-repo/"
createrepo_c --quiet "$work/base-repo"

# repository before|after: dnf's settings, with both signatures checked.
repository() {
  local folder=$TOP/build/repo
  [ "$1" = before ] && folder=$TOP/build/repo-before
  mkdir -p "$work/repos"
  cat >"$work/repos/test.repo" <<REPO
[base]
name=base
baseurl=file://$work/base-repo
gpgcheck=0
[railgun]
name=railgun
baseurl=file://$folder/el
gpgcheck=1
repo_gpgcheck=1
gpgkey=file://$folder/railgun.asc
metadata_expire=0
REPO
}
with_dnf() {
  as_root dnf -y --installroot="$root" --releasever=9 --setopt=reposdir="$work/repos" --setopt=cachedir="$work/cache" \
    --setopt=install_weak_deps=0 "$@"
}
in_root() { as_root chroot "$root" "$@"; }
version() { as_root rpm --root "$root" -q --qf '%{VERSION}' railgun; }

as_root mkdir -p "$root/dev" "$root/proc"
as_root mknod -m 666 "$root/dev/null" c 1 3
repository before
with_dnf install testbase >"$work/log" 2>&1 || { tail -n 20 "$work/log"; die "cannot install the stand-in for a base system"; }
as_root mount -t proc proc "$root/proc"

# ---- install -------------------------------------------------------------------------------------------------------
check "dnf install railgun, both signatures checked" with_dnf install railgun
refuse "no scriptlet failed" sh -c "echo '$output' | grep -i 'scriptlet failed'"
same "the previous version is installed" "$(cat "$TOP/build/repo-before/version")" "$(version)"
check "rpm -V finds nothing changed" as_root rpm --root "$root" -V railgun
check "the user is there" in_root /usr/bin/getent passwd railgun
same "configuration: owner and mode" "0:990 640" "$(stat -c '%u:%g %a' "$conf")"
same "/var/lib/railgun: owner and mode" "990:990 750" "$(stat -c '%u:%g %a' "$root/var/lib/railgun")"
check "railgund runs in it" in_root /usr/sbin/railgund --version
check "the shipped configuration is right" in_root /usr/sbin/railgund --config /etc/railgun/railgun.conf --check
# As EL 6 starts it: no systemd, no start-stop-daemon. In process ids of its own, so that nothing outlives the test.
check "the init script starts and stops it" as_root unshare --mount --pid --fork --net --kill-child sh -c "
  mount -t proc proc '$root/proc'; ip link set lo up 2>/dev/null
  chroot '$root' /bin/sh -c '
    # busybox has this tool of Debian, EL 6 has not.
    rm -f /bin/start-stop-daemon
    /etc/rc.d/init.d/railgund start && /etc/rc.d/init.d/railgund status && /etc/rc.d/init.d/railgund stop' & wait \$!"

# ---- upgrade -------------------------------------------------------------------------------------------------------
echo '# edited by the administrator' | as_root tee -a "$conf" >/dev/null
repository after
check "dnf upgrade" with_dnf upgrade railgun
same "the present version is installed" "$VERSION" "$(version)"
check "the edited configuration is kept" grep -q 'edited by the administrator' "$conf"
check "the new one is beside it" test -e "$conf.rpmnew"
same "its owner and mode are kept" "0:990 640" "$(stat -c '%u:%g %a' "$conf")"

# ---- erase ---------------------------------------------------------------------------------------------------------
as_root rm -f "$conf.rpmnew"
as_root touch "$root/var/lib/railgun/link.key"
check "dnf remove" with_dnf remove railgun
same "nothing is left but the edited configuration" "/etc/railgun /etc/railgun/railgun.conf.rpmsave" \
  "$(cd "$root" && find . -xdev -name '*railgun*' | sed 's/^\.//' | grep -v '^/var/lib/dnf\|^/var/cache\|^/var/log/dnf' | sort | xargs)"
check "the user stays" in_root /usr/bin/getent passwd railgun
finish
