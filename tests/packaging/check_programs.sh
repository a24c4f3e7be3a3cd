#!/bin/bash
# The staged programs are what the packages promise: static, of no C library's version, with caught exceptions, room on
# threads' stacks, and no locale needed.
set -euo pipefail
. "$(dirname "$0")/common.sh"
. "$PACKAGING/checks.sh"

need readelf=binutils gawk=gawk

stack_bytes() { readelf -lW "$1" | gawk '/GNU_STACK/ { print strtonum($6) }'; }

for program in "$STAGE/usr/sbin/railgund" "$STAGE/usr/bin/railgunctl"; do
  name=$(basename "$program")
  refuse "$name: asks for no loader" sh -c "readelf -lW $program | grep INTERP"
  refuse "$name: needs no shared library" sh -c "readelf -dW $program | grep NEEDED"
  refuse "$name: states no least kernel" sh -c "readelf -nW $program | grep 'OS: Linux, ABI'"
  refuse "$name: holds nothing of glibc" sh -c "strings -a $program | grep 'GLIBC_2\\.'"
  refuse "$name: its stack is not executable" sh -c "readelf -lW $program | grep GNU_STACK | grep RWE"
  check "$name: a thread's stack is at least 1 MiB" test "$(stack_bytes "$program")" -ge 1048576
  check "$name: exceptions can be caught" sh -c "readelf -lW $program | grep GNU_EH_FRAME"
  check "$name: relocations are read-only" sh -c "readelf -lW $program | grep GNU_RELRO"
  check "$name: is stripped" sh -c "! readelf -SW $program | grep -q symtab"
  refuse "$name: names no folder of the build machine" sh -c "strings -a $program | grep -F -e '$HOME/' -e '$TOP'"
  check "$name: runs without an environment" env -i "$program" --version
  check "$name: runs in a locale it does not know" env LC_ALL=en_US.UTF-8 "$program" --version
  for library in zlib libzstd brotli; do
    has=$(sed -n "s/^[^ ]* *${library}_\([0-9.]*[0-9]\).*\.orig\.tar.*/\1/p" "$PACKAGING/sources.sha256")
    check "$name: says that it holds $library $has" sh -c "$program --version | grep -E '${library#lib} $has[,;]'"
  done
  check "$name: says its version" sh -c "$program --version | grep -F '${RAILGUN_BUILT_VERSION:-$VERSION}'"
done
openssl=$(sed -n 's/^[^ ]* *openssl_\([0-9.]*[0-9]\).*\.orig\.tar.*/\1/p' "$PACKAGING/sources.sha256")
check "railgund: says that it holds OpenSSL $openssl" sh -c "$STAGE/usr/sbin/railgund --version | grep -F 'OpenSSL $openssl,'"
finish
