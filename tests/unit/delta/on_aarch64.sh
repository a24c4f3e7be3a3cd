#!/bin/sh
# Runs the tests of the delta engine's vector code on an emulated AArch64 CPU: NEON must give the numbers of the portable
# code. Wants g++-aarch64-linux-gnu, qemu-user and libgtest-dev (its sources); not part of ./dev test.
set -e
cd "$(dirname "$0")/../../.."
out=build/aarch64
mkdir -p "$out/include"
# The one header wanted that is not the compiler's own: all of it is inline.
cp /usr/include/xxhash.h "$out/include/"
gtest=/usr/src/googletest/googletest
delta=railgund/delta
aarch64-linux-gnu-g++ -std=c++23 -O2 -DXXH_INLINE_ALL -I. -I"$out/include" -I"$gtest" -I"$gtest/include" \
  "$gtest/src/gtest-all.cc" "$gtest/src/gtest_main.cc" railgund/base/hash.cc railgund/base/cpu.cc \
  $delta/compare.cc $delta/window_index.cc $delta/page_index.cc $delta/parser.cc $delta/reference.cc \
  $delta/nibble_rows.cc $delta/nibble_model.cc $delta/nibble_gaps.cc $delta/mixing_lines.cc \
  tests/unit/delta/nibble_row_test.cc tests/unit/delta/nibble_gaps_test.cc tests/unit/delta/parser_test.cc \
  tests/unit/delta/mixing_lanes_test.cc -o "$out/vectors_test" -lpthread
exec qemu-aarch64 -L /usr/aarch64-linux-gnu "$out/vectors_test" "$@"
