#!/bin/bash
# The packages can be read by the oldest tools: what dpkg 1.16 and rpm 4.8 were seen to accept, by the fields that decide it.
set -euo pipefail
. "$(dirname "$0")/common.sh"
. "$PACKAGING/checks.sh"

need lintian=lintian rpm=rpm ar=binutils
deb=$PACKAGES/railgun_${VERSION}_amd64.deb
rpm=$PACKAGES/railgun-$VERSION-1.x86_64.rpm

smaller() { test "$(stat -c %s "$1")" -lt "$2"; }

check ".deb: under 5 MB ($(stat -c %s "$deb") bytes)" smaller "$deb" 5000000
same ".deb: members that dpkg 1.16 reads" "debian-binary control.tar.gz data.tar.xz" "$(ar t "$deb" | xargs)"
same ".deb: depends on adduser alone" adduser "$(dpkg-deb -f "$deb" Depends)"
same ".deb: provides the original's name" railgun-stable "$(dpkg-deb -f "$deb" Provides)"
same ".deb: its version is CMake's" "$VERSION" "$(dpkg-deb -f "$deb" Version)"
same ".deb: everything belongs to root" "root/root" "$(dpkg-deb -c "$deb" | awk '{ print $2 }' | sort -u)"
same ".deb: all under /etc are conffiles" "$(dpkg-deb -c "$deb" | awk '$1 ~ /^-/ { print substr($6, 2) }' | grep ^/etc/ | sort)" \
  "$(dpkg-deb -I "$deb" conffiles | sort)"
check ".deb: lintian" lintian --allow-root --fail-on error,warning "$deb"

# Everything that the sources have to ship, at its place, by name: a file nobody installs is missing in both packages.
for file in "$TOP"/doc/*.[158] "$TOP"/railgunctl/completions/* "$TOP"/conf/* "$TOP"/systemd/*; do
  name=$(basename "$file")
  case $file in
    */CMakeLists.txt) continue ;;
    */doc/*) place=/usr/share/man/man${name##*.}/$name.gz ;;
    */railgunctl.bash) place=/usr/share/bash-completion/completions/railgunctl ;;
    */completions/*) place=/usr/share/zsh/vendor-completions/$name ;;
    */systemd/*) place=/lib/systemd/system/$name ;;
    *.conf) place=/etc/railgun/$name ;;
    */railgun.default) place=/etc/default/railgun ;;
    */railgun.logrotate) place=/etc/logrotate.d/railgun ;;
    */railgun.sysctl) place=/etc/sysctl.d/60-railgun.conf ;;
    */railgund.init) place=/etc/init.d/railgund ;;
    */upgrade.sh) place=/usr/lib/railgun/upgrade ;;
    */deploy-certificate.sh) place=/usr/lib/railgun/deploy-certificate ;;
    *) place="a place for $name" ;;
  esac
  check ".deb: $place" sh -c "dpkg-deb -c '$deb' | awk '{ print substr(\$6, 2) }' | grep -qxF '$place'"
done

query() { rpm -qp --nosignature --qf "$1" "$rpm"; }
check ".rpm: under 5 MB ($(stat -c %s "$rpm") bytes)" smaller "$rpm" 5000000
same ".rpm: payload and digests that rpm 4.8 knows" "xz 8" "$(query '%{PAYLOADCOMPRESSOR} %{FILEDIGESTALGO}')"
same ".rpm: requires nothing that EL 6 lacks" "" "$(rpm -qp --nosignature --requires "$rpm" |
  grep -vE '^(/bin/sh|shadow-utils|rpmlib\((CompressedFileNames|FileDigests|PayloadFilesHavePrefix|PayloadIsXz)\).*)$' || true)"
same ".rpm: its version is CMake's" "$VERSION" "$(query '%{VERSION}')"
check ".rpm: provides the original's name" sh -c "rpm -qp --nosignature --provides $rpm | grep -q '^railgun-stable = '"
same ".rpm: configuration" "$(dpkg-deb -I "$deb" conffiles | grep -v ^/etc/init.d/ | sort)" \
  "$(rpm -qpc --nosignature "$rpm" | sort)"
same ".rpm: holds the same files as the .deb, at Red Hat's places" \
  "$(dpkg-deb -c "$deb" | awk '$1 ~ /^-/ { print substr($6, 2) }' | grep -v /lintian/ |
    sed 's,^/etc/init.d/,/etc/rc.d/init.d/,; s,^/lib/systemd/,/usr/lib/systemd/,; s,/vendor-completions/,/site-functions/,' | sort)" \
  "$(query '[%{FILEMODES:perms} %{FILENAMES}\n]' | awk '$1 ~ /^-/ { print $2 }' | sort)"
check ".rpm: digests are right" rpm -K --nosignature "$rpm"
same ".rpm: dates from the sources, not from now" "$SOURCE_DATE_EPOCH" "$(query '%{BUILDTIME}')"
finish
