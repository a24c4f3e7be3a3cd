#!/bin/bash
# Builds the portable programs: static, on musl, for every x86-64 Linux since 2.6.32. Leaves them in build/portable/bin.
#   portable.sh [--test]    --test: also builds the unit tests on that toolchain, and runs them
#   portable.sh --update    builds nothing: records the newest versions of the libraries' sources and shows what changes
set -euo pipefail
. "$(dirname "$0")/common.sh"

if [ "${1:-}" = --update ]; then
  need /usr/src/gcc-12=gcc-12-source python3=python3
  exec "$PACKAGING/sources.py" update "$CACHE/sources" /usr/src/gcc-12
fi
tests=OFF
[ "${1:-}" = --test ] && tests=ON

toolchain=$("$PACKAGING/toolchain.sh")
mkdir -p "$(dirname "$BUILD")"
say "portable: building in $BUILD"
# A folder configured for another toolchain is of no use.
grep -qsx "RAILGUN_TOOLCHAIN:[A-Z]*=$toolchain" "$BUILD/CMakeCache.txt" || rm -rf "$BUILD"
# A compiler cache that makes paths relative would do so in the debugging information, whose hash is the build id.
export CCACHE_BASEDIR=
# -g1 and symbols are for panic logs; the packages hold stripped programs.
cmake -S "$TOP" -B "$BUILD" -G Ninja -DCMAKE_TOOLCHAIN_FILE="$PACKAGING/toolchain.cmake" -DRAILGUN_TOOLCHAIN="$toolchain" \
  -DRAILGUN_PORTABLE=ON -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_FLAGS_RELEASE="-O2 -g1" -DCMAKE_INSTALL_PREFIX=/usr \
  -DRAILGUN_TESTS=$tests >"$BUILD.log" 2>&1 || { tail -n 20 "$BUILD.log" >&2; die "configuring failed (see $BUILD.log)"; }
cmake --build "$BUILD" -j "$JOBS" >>"$BUILD.log" 2>&1 || { grep -m 20 -E 'error|undefined' "$BUILD.log" >&2; die "building failed (see $BUILD.log)"; }
for program in railgund railgunctl; do
  [ -x "$BUILD/bin/$program" ] || die "the build made no $program"
  say "portable: $program $(stat -c %s "$BUILD/bin/$program") bytes with symbols"
done
if [ $tests = ON ]; then
  for test in "$BUILD"/bin/unit_*; do
    say "portable: $(basename "$test")"
    (cd "$TOP" && "$test" --gtest_brief=1)
  done
fi
