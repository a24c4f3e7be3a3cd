#!/bin/bash
# Makes the packages from the portable build, in build/packages: one .deb and one .rpm for every release, and the
# programs' symbols. The same commit gives the same bytes.
#   packages.sh [--native | --native-only]    also, or only, Debian's own kind of package: dynamic, for the release it is
#                                             built on
set -euo pipefail
. "$(dirname "$0")/common.sh"

need dpkg-deb=dpkg rpmbuild=rpm strip=binutils

stage=$STAGE
deb=$PACKAGES/railgun_${VERSION}_amd64.deb
rpm=$PACKAGES/railgun-$VERSION-1.x86_64.rpm

# The tree that both packages hold, at Debian's places, in $stage.
make_stage() {
  rm -rf "$stage" "$stage-deb" "$stage".*
  DESTDIR=$stage cmake --install "$BUILD" >/dev/null
  local program
  for program in usr/sbin/railgund usr/bin/railgunctl; do
    mkdir -p "$PACKAGES/symbols"
    objcopy --only-keep-debug "$stage/$program" "$PACKAGES/symbols/$(basename $program).debug"
    strip --strip-all --remove-section=.comment "$stage/$program"
  done
  local doc=$stage/usr/share/doc/railgun
  mkdir -p "$doc"
  cp "$TOP/debian/copyright" "$doc/copyright"
  # What is inside the static programs, so that it can be held against security notices.
  awk '{ print $2 }' "$PACKAGING/sources.sha256" >"$doc/static-libraries"
  local licence
  for licence in "$toolchain"/licences/*; do
    printf '==== %s ====\n\n' "$(basename "$licence")"
    cat "$licence"
  done | gzip -9n >"$doc/licences.gz"
  gzip -9nc "$TOP/debian/changelog" >"$doc/changelog.gz"
  find "$stage/usr/share/man" -type f -exec gzip -9n {} +
  # A predecessor made for the upgrade tests has another configuration to offer.
  [ -z "${RAILGUN_VERSION:-}" ] || echo "# railgun $VERSION" >>"$stage/etc/railgun/railgun.conf"
  chmod -R u=rwX,go=rX "$stage"
  find "$stage" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
}

# No debhelper: its scripts call what old releases do not have.
make_deb() {
  local root=$stage-deb
  cp -a "$stage" "$root"
  mkdir -p "$root/usr/share/lintian/overrides" "$root/DEBIAN"
  cp "$TOP/debian/portable/lintian-overrides" "$root/usr/share/lintian/overrides/railgun"
  chmod 644 "$root/usr/share/lintian/overrides/railgun"
  (cd "$root" && find etc -type f | sort | sed 's,^,/,') >"$stage.conffiles"
  (cd "$root" && find usr lib -type f | LC_ALL=C sort | xargs md5sum) >"$stage.md5sums"
  sed -e "s/@VERSION@/$VERSION/" -e "s/@SIZE@/$(du -sk --apparent-size "$root" | cut -f1)/" \
    "$TOP/debian/portable/control.in" >"$root/DEBIAN/control"
  cp "$stage.conffiles" "$root/DEBIAN/conffiles"
  cp "$stage.md5sums" "$root/DEBIAN/md5sums"
  chmod 644 "$root"/DEBIAN/*
  install -m 755 "$TOP"/debian/portable/{postinst,prerm,postrm} "$root/DEBIAN/"
  find "$root" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
  # gzip for the control member: dpkg before 1.17.6 knows nothing newer there. xz for the data, known since 1.15.6: the two
  # programs have much in common, and are further apart than the 8 MB that level 6 looks back (level 8: 32 MB; rpm's
  # payload is the same). One thread, so that the bytes do not depend on the machine.
  dpkg-deb --root-owner-group -Zxz -z8 --no-uniform-compression --threads-max=1 --build "$root" "$deb" >/dev/null
}

make_rpm() {
  # What the spec does not name itself.
  (cd "$stage" && find usr \( -type f -o -type l \) | LC_ALL=C sort | sed 's,^,/,') |
    sed 's,/usr/share/zsh/vendor-completions/,/usr/share/zsh/site-functions/,' >"$stage.files"
  printf '%%dir %s\n' /usr/lib/railgun /usr/share/doc/railgun >>"$stage.files"
  local top=$PACKAGES/rpmbuild
  rm -rf "$top"
  rpmbuild -bb --quiet --target x86_64 --define "_topdir $top" --define "_tmppath $top" \
    --define "version_number $VERSION" --define "stage $stage" "$TOP/rpm/railgun.spec" >"$top.log" 2>&1 ||
    { tail -n 20 "$top.log" >&2; die "rpmbuild failed (see $top.log)"; }
  cp "$top/RPMS/x86_64/railgun-$VERSION-1.x86_64.rpm" "$rpm"
  rm -rf "$top"
}

make_native() {
  need dh=debhelper dpkg-buildpackage=dpkg-dev
  local tree=$TOP/build/native/railgun
  rm -rf "$TOP/build/native"
  mkdir -p "$tree" "$PACKAGES/native"
  rm -f "$PACKAGES"/native/*.deb
  git -C "$TOP" ls-files -z --cached --others --exclude-standard | (cd "$TOP" && tar c --null -T -) | tar x -C "$tree"
  (cd "$tree" && DEB_BUILD_OPTIONS="nocheck parallel=$JOBS" dpkg-buildpackage -b -us -uc) >"$TOP/build/native.log" 2>&1 ||
    { tail -n 30 "$TOP/build/native.log" >&2; die "dpkg-buildpackage failed (see build/native.log)"; }
  cp "$TOP"/build/native/*.deb "$PACKAGES/native/"
}

if [ "${1:-}" = --native-only ]; then
  make_native
  exit 0
fi
[ -n "${RAILGUN_NO_BUILD:-}" ] || "$PACKAGING/portable.sh"
toolchain=$("$PACKAGING/toolchain.sh")
mkdir -p "$PACKAGES"
rm -f "$PACKAGES"/*.deb "$PACKAGES"/*.rpm
make_stage
make_deb
make_rpm
say "packages: $deb $(stat -c %s "$deb") bytes"
say "packages: $rpm $(stat -c %s "$rpm") bytes"
if [ "${1:-}" = --native ]; then
  make_native
  say "packages: $(ls "$PACKAGES"/native/*.deb | tr '\n' ' ')"
fi
