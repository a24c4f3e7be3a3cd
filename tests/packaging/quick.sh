#!/bin/sh
# What can be checked of the packages without building them, in seconds: the scripts parse in every shell they meet, the
# unit is sound, and the lists of files agree. Runs in ./dev test.
. "$(dirname "$0")/common.sh"
. "$PACKAGING/checks.sh"

cd "$TOP" || exit 1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# ---- scripts ---------------------------------------------------------------------------------------------------------
# The scriptlets of the spec, one file each.
awk -v to="$scratch" '/^%/ { out = "" } /^%(pre|post|preun|postun)$/ { out = to "/rpm" substr($1, 2); next } out { print > out }' \
  rpm/railgun.spec
for script in conf/railgund.init conf/upgrade.sh debian/portable/postinst debian/portable/prerm debian/portable/postrm \
  debian/railgun.postinst debian/railgun.postrm "$scratch"/rpm* tests/packaging/checks.sh tests/packaging/pair.sh \
  tests/packaging/inside_*.sh tests/packaging/quick.sh; do
  for shell in sh dash bash "busybox sh"; do
    # shellcheck disable=SC2086
    check "$shell reads $(basename "$script")" $shell -n "$script"
  done
done
for script in tests/packaging/*.sh; do
  case $script in */inside_*.sh | */checks.sh | */pair.sh | */common.sh | */boot.sh) continue ;; esac
  check "bash reads $(basename "$script")" bash -n "$script"
  check "$(basename "$script") can be run" test -x "$script"
done
for scriptlet in "$scratch"/rpm*; do
  same "$(basename "$scriptlet"): never fails an installation" "exit 0" "$(sed '/^$/d' "$scriptlet" | tail -n 1)"
done
refuse "the portable .deb's scripts call nothing of debhelper" \
  grep -nE 'deb-systemd-helper|deb-systemd-invoke|systemd-sysusers|systemd-tmpfiles' debian/portable/postinst \
  debian/portable/prerm debian/portable/postrm
refuse "the spec uses no macros of newer systems" grep -nE '^%(systemd|posttrans|license|sysusers)|^(Recommends|Suggests):' \
  rpm/railgun.spec

# ---- the init script's header, for both families -----------------------------------------------------------------------
check "init script: LSB header" grep -q '^### BEGIN INIT INFO' conf/railgund.init
check "init script: chkconfig header" grep -qE '^# chkconfig: 2345 [0-9]+ [0-9]+' conf/railgund.init
check "the init script's pid file is set in the shipped configuration" grep -qE '^pid\.file = /' conf/railgun.conf

# ---- the unit --------------------------------------------------------------------------------------------------------
# The programs need not be installed for this: any that can be run will do.
for unit in railgund.service railgund.socket; do
  sed -e 's,/usr/sbin/railgund,/bin/true,' -e '/^Documentation=/d' "systemd/$unit" >"$scratch/$unit"
done
same "the unit has no mistakes" "" "$(systemd-analyze verify "$scratch/railgund.service" "$scratch/railgund.socket" 2>&1 |
  grep -F "$scratch")"
check "systemd-analyze security: 2.0 or less" systemd-analyze security --offline=yes --threshold=20 "$scratch/railgund.service"

# ---- lists that must agree -------------------------------------------------------------------------------------------
# What conf/CMakeLists.txt installs under /etc, as the spec's %config and as the spec's files.
installed=$scratch/root
mkdir "$scratch/project"
cat >"$scratch/project/CMakeLists.txt" <<PROJECT
cmake_minimum_required(VERSION 3.18)
project(railgun NONE)
set(PROJECT_SOURCE_DIR $TOP)
add_subdirectory($TOP/conf conf)
PROJECT
check "the files beside the programs can be installed" sh -c "cmake -G Ninja -S '$scratch/project' -B '$scratch/build' \
  -DCMAKE_INSTALL_PREFIX=/usr && DESTDIR='$installed' cmake --install '$scratch/build'"
same "the spec names every configuration file" \
  "$(cd "$installed" && find etc -type f | grep -v init.d/ | sed 's,^,/,' | sort)" \
  "$(sed -n 's/^%config(noreplace).* //p' rpm/railgun.spec | sort)"
for file in $(sed -n 's/^\/usr\/lib\/systemd\/system\//lib\/systemd\/system\//p' rpm/railgun.spec) etc/init.d/railgund \
  usr/lib/railgun/upgrade usr/share/man/man8/railgund.8 usr/share/man/man1/railgunctl.1; do
  check "installed: $file" test -e "$installed/$file"
done
same "debian/changelog has CMake's version" "${VERSION}" "$(sed -n '1s/.*(\(.*\)).*/\1/p' debian/changelog)"
touch "$scratch/stage.files"
same "the spec can be read" "railgun $VERSION" "$(rpmspec -q --srpm --qf '%{NAME} %{VERSION}' \
  --define "version_number $VERSION" --define "stage $scratch/stage" rpm/railgun.spec 2>&1)"
refuse "tests use no fixed name in the temporary folder" \
  grep -rnE '(folder|path|Path|open|stream|socket)[^;]*"/tmp/|TempDir\(\)' tests/unit tests/e2e tests/sim
check "scripts call only programs of packages that ./dev installs" python3 tests/packaging/programs.py check "$TOP"
relations='^(Provides|Conflicts|Replaces|Recommends|Suggests):'
same "both kinds of .deb say the same of other packages" "$(sed -n '/^Package:/,$p' debian/control | grep -E "$relations" | sort)" \
  "$(grep -E "$relations" debian/portable/control.in | sort)"
refuse "no file names a package mirror" grep -rnE 'deb\.debian\.org|security\.debian\.org|archive\.ubuntu\.com' debian/rules \
  debian/portable rpm systemd conf tests/packaging/*.sh --exclude=quick.sh
finish
