#!/bin/bash
# Makes the toolchain of the portable build and prints its folder: Debian's g++ 12 on musl, with libstdc++ and all
# dependencies built as static libraries. Sources are Debian source packages, checked by sources.sha256. The folder is
# named by a hash of everything that goes into it, and made once. RAILGUN_SOURCES=DIR: take the tarballs from there, if they
# are there, instead of an archive.
set -euo pipefail
. "$(dirname "$0")/common.sh"

need gcc-12=gcc-12 g++-12=g++-12 musl-gcc=musl-tools /usr/src/gcc-12=gcc-12-source bison=bison flex=flex cmake=cmake \
  ninja=ninja-build make=make perl=perl patch=patch xz=xz-utils bzip2=bzip2 pkg-config=pkg-config gawk=gawk python3=python3 \
  /usr/include/linux/version.h=linux-libc-dev /usr/include/boost/beast/http.hpp=libboost1.81-dev \
  /usr/include/nlohmann/json.hpp=nlohmann-json3-dev /usr/include/CLI/CLI.hpp=libcli11-dev /usr/src/googletest=libgtest-dev

installed=$(dpkg-query -W -f '${Package} ${Version}\n' g++-12 musl-dev libboost1.81-dev nlohmann-json3-dev libcli11-dev \
  libgtest-dev linux-libc-dev)
recipe=$( (cat "$PACKAGING/toolchain.sh" "$PACKAGING/muslcompat.c" "$PACKAGING/sources.sha256"; echo "$installed") |
  sha256sum | cut -c1-12)
prefix=$CACHE/musl-$recipe
if [ -e "$prefix/complete" ]; then
  echo "$prefix"
  exit 0
fi

sources=$CACHE/sources
work=$CACHE/work-$recipe
rm -rf "$prefix" "$work"
mkdir -p "$sources" "$work" "$prefix/bin" "$prefix/include" "$prefix/lib/pkgconfig" "$prefix/share/cmake"
log=$work/log
started=$SECONDS

# ---- sources ---------------------------------------------------------------------------------------------------------

# unpack NAME: the source tree of NAME_*.orig.tar.*, with Debian's patches where its .debian.tar.xz is listed.
unpack() {
  local orig patches series
  orig=$(gawk -v n="$1_" 'index($2, n) == 1 && /\.orig\.tar/ { print $2 }' "$PACKAGING/sources.sha256")
  patches=$(gawk -v n="$1_" 'index($2, n) == 1 && /\.debian\.tar/ { print $2 }' "$PACKAGING/sources.sha256")
  mkdir -p "$work/$1"
  tar xf "$sources/$orig" -C "$work/$1" --strip-components 1 --no-same-owner
  cd "$work/$1"
  if [ -n "$patches" ]; then
    tar xf "$sources/$patches" --no-same-owner
    for series in $(sed 's/ *#.*//' debian/patches/series); do
      patch -p1 -s --no-backup-if-mismatch <"debian/patches/$series" >>"$log" 2>&1 ||
        die "$1: Debian's patch $series does not apply (see $log)"
    done
  fi
  local file
  for file in LICENSE LICENSE.txt LICENSE.rst COPYING; do
    # nghttp2's LICENSE only says where to look.
    [ "$(stat -c %s $file 2>/dev/null || echo 0)" -lt 100 ] || break
  done
  keep_licence "$1" <$file
}

# keep_licence NAME: the packages ship the licence, read from standard input, of all that is linked in.
keep_licence() {
  mkdir -p "$prefix/licences"
  cat >"$prefix/licences/$1"
  [ -s "$prefix/licences/$1" ] || die "$1: no licence found"
}

# ---- compiler --------------------------------------------------------------------------------------------------------

specs=/usr/lib/x86_64-linux-musl/musl-gcc.specs
# No build folder in the objects. In the wrappers, not in the flags: OpenSSL keeps its flags as text.
maps="-ffile-prefix-map=$work=source -ffile-prefix-map=$prefix=toolchain"
# Sections: what is not used does not get into the programs.
flags="-O2 -fPIC -ffunction-sections -fdata-sections -fstack-protector-strong"

make_compiler() {
  # musl has no kernel headers of its own; OpenSSL and libevent want some.
  mkdir -p "$prefix/kernel"
  ln -s /usr/include/linux /usr/include/x86_64-linux-gnu/asm /usr/include/asm-generic "$prefix/kernel/"
  cat >"$prefix/bin/musl-cc" <<WRAPPER
#!/bin/sh
exec gcc-12 -specs $specs $maps -isystem $prefix/kernel "\$@"
WRAPPER
  # --eh-frame-hdr is missing from the specs; without it no exception is ever caught.
  cat >"$prefix/bin/musl-c++" <<WRAPPER
#!/bin/sh
exec g++-12 -specs $specs $maps -nostdinc++ -isystem $prefix/kernel -isystem $prefix/include/c++/12 \\
  -isystem $prefix/include/c++/12/x86_64-linux-musl "\$@" -L$prefix/lib -Wl,--eh-frame-hdr \\
  -Wl,--start-group -lmuslcompat -lgcc -lgcc_eh -lc -Wl,--end-group
WRAPPER
  chmod 755 "$prefix"/bin/musl-c*

  "$prefix/bin/musl-cc" $flags -c "$PACKAGING/muslcompat.c" -o "$work/muslcompat.o"
  ar rcsD "$prefix/lib/libmuslcompat.a" "$work/muslcompat.o"

  cd "$work"
  tar xf "$sources/gcc-12.2.0-dfsg.tar.xz" --no-same-owner --wildcards '*/libstdc++-v3/*' '*/libgcc/*' '*/config/*' \
    '*/include/*' '*/libiberty/*' '*/config-ml.in' '*/ltmain.sh' '*/install-sh' '*/config.sub' '*/config.guess' \
    '*/mkinstalldirs' '*/missing' '*/depcomp' '*/move-if-change' '*/*.m4' '*/gcc/BASE-VER' '*/gcc/DATESTAMP' '*/gcc/DEV-PHASE'
  # Without this link configure silently leaves std::thread out.
  ln -s gthr-posix.h gcc-12.2.0/libgcc/gthr-default.h
  mkdir libstdc++ && cd libstdc++
  ../gcc-12.2.0/libstdc++-v3/configure --build=x86_64-linux-gnu --host=x86_64-linux-musl --prefix="$prefix" \
    --with-gxx-include-dir="$prefix/include/c++/12" --disable-shared --disable-multilib --disable-nls \
    --disable-libstdcxx-pch --disable-libstdcxx-filesystem-ts CC="gcc-12 -specs $specs $maps" \
    CXX="g++-12 -specs $specs $maps" CPP="gcc-12 -specs $specs -E" CFLAGS="$flags" CXXFLAGS="$flags" >>"$log" 2>&1
  make -j"$JOBS" >>"$log" 2>&1
  make install >>"$log" 2>&1
}

# ---- dependencies ----------------------------------------------------------------------------------------------------

# configure_with_cmake OPTIONS...: configures the tree we are in, into build-musl.
configure_with_cmake() {
  cmake -S "${tree:-.}" -B build-musl -G Ninja -DCMAKE_TOOLCHAIN_FILE="$PACKAGING/toolchain.cmake" \
    -DRAILGUN_TOOLCHAIN="$prefix" -DCMAKE_BUILD_TYPE=None -DCMAKE_C_FLAGS="$flags" -DCMAKE_CXX_FLAGS="$flags" \
    -DCMAKE_INSTALL_PREFIX="$prefix" -DCMAKE_INSTALL_LIBDIR=lib -DBUILD_SHARED_LIBS=OFF "$@" >>"$log" 2>&1
}

with_cmake() {
  configure_with_cmake "$@"
  cmake --build build-musl -j "$JOBS" >>"$log" 2>&1
  cmake --install build-musl >>"$log" 2>&1
}

build_openssl() {
  unpack openssl
  CC=musl-cc AR=ar RANLIB=ranlib ./Configure linux-x86_64 no-shared no-tests no-dso no-engine no-module no-async no-legacy \
    no-afalgeng no-ktls no-quic no-docs no-apps --prefix=/usr --libdir=lib --openssldir=/etc/ssl "$flags" >>"$log" 2>&1
  make -j"$JOBS" build_libs >>"$log" 2>&1
  cp libssl.a libcrypto.a "$prefix/lib/"
  cp -r include/openssl "$prefix/include/"
}

build_libevent() {
  unpack libevent
  with_cmake -DEVENT__LIBRARY_TYPE=STATIC -DEVENT__DISABLE_OPENSSL=ON -DEVENT__DISABLE_TESTS=ON -DEVENT__DISABLE_SAMPLES=ON \
    -DEVENT__DISABLE_BENCHMARK=ON
}

build_zlib() {
  unpack zlib
  CC=musl-cc CFLAGS="$flags" ./configure --static --prefix="$prefix" >>"$log" 2>&1
  make -j"$JOBS" libz.a >>"$log" 2>&1
  make install >>"$log" 2>&1
}

build_zstd() {
  unpack libzstd
  tree=build/cmake with_cmake -DZSTD_BUILD_PROGRAMS=OFF -DZSTD_BUILD_SHARED=OFF -DZSTD_LEGACY_SUPPORT=OFF
}

# Its own build names static libraries otherwise than its pkg-config files do.
build_brotli() {
  unpack brotli
  musl-cc $flags -Ic/include -c c/common/*.c c/enc/*.c c/dec/*.c >>"$log" 2>&1
  ar rcsD "$prefix/lib/libbrotli.a" ./*.o
  cp -r c/include/brotli "$prefix/include/"
  local half
  for half in enc dec; do
    cat >"$prefix/lib/pkgconfig/libbrotli$half.pc" <<PC
Name: libbrotli$half
Description: brotli
Version: 1.0.9
Libs: -L$prefix/lib -lbrotli -lm
Cflags: -I$prefix/include
PC
  done
}

build_xxhash() {
  unpack xxhash
  make libxxhash.a libxxhash.pc CC=musl-cc CFLAGS="$flags" prefix="$prefix" >>"$log" 2>&1
  cp libxxhash.a "$prefix/lib/"
  cp xxhash.h xxh3.h "$prefix/include/"
  cp libxxhash.pc "$prefix/lib/pkgconfig/"
}

build_nghttp2() {
  unpack nghttp2
  with_cmake -DENABLE_LIB_ONLY=ON -DENABLE_SHARED_LIB=OFF -DENABLE_STATIC_LIB=ON -DENABLE_DOC=OFF
}

build_libmemcached() {
  unpack libmemcached
  configure_with_cmake -DENABLE_SASL=OFF -DENABLE_MEMASLAP=OFF -DENABLE_OPENSSL_CRYPTO=OFF -DBUILD_TESTING=OFF -DBUILD_DOCS=OFF
  # Not its programs; and its install leaves the archives out, its pkg-config file the internal ones.
  cmake --build build-musl -j "$JOBS" -t libmemcached libmemcachedinternal libhashkit libp9y.a >>"$log" 2>&1
  cmake --install build-musl/include >>"$log" 2>&1
  find build-musl/src -name 'lib*.a' -exec cp {} "$prefix/lib/" \;
  cat >"$prefix/lib/pkgconfig/libmemcached.pc" <<PC
Name: libmemcached
Description: client of memcached
Version: 1.1.4
Libs: -L$prefix/lib -lmemcached -lmemcachedinternal -lhashkit -lp9y
Cflags: -I$prefix/include
PC
}

build_libarchive() {
  unpack libarchive
  with_cmake -DCMAKE_BUILD_TYPE=Release -DENABLE_TEST=OFF -DENABLE_TAR=OFF -DENABLE_CPIO=OFF -DENABLE_CAT=OFF \
    -DENABLE_OPENSSL=OFF -DENABLE_MBEDTLS=OFF -DENABLE_NETTLE=OFF -DENABLE_LIBB2=OFF -DENABLE_LZ4=OFF -DENABLE_LZO=OFF \
    -DENABLE_LZMA=OFF -DENABLE_ZSTD=OFF -DENABLE_BZip2=OFF -DENABLE_LIBXML2=OFF -DENABLE_EXPAT=OFF -DENABLE_ACL=OFF \
    -DENABLE_XATTR=OFF -DENABLE_ICONV=OFF -DENABLE_PCREPOSIX=OFF -DENABLE_CNG=OFF
}

# musl's own allocator maps and unmaps every page-sized buffer anew: a request took three times the processor.
# __USE_ISOC11 is glibc's word for what makes it define aligned_alloc(), too.
build_mimalloc() {
  unpack mimalloc
  with_cmake -DCMAKE_BUILD_TYPE=Release -DCMAKE_C_FLAGS="$flags -D__USE_ISOC11" -DMI_BUILD_SHARED=OFF -DMI_BUILD_OBJECT=OFF \
    -DMI_BUILD_TESTS=OFF -DMI_OVERRIDE=ON -DMI_INSTALL_TOPLEVEL=ON
}

build_gtest() {
  cp -r /usr/src/googletest "$work/gtest"
  cd "$work/gtest"
  with_cmake -DBUILD_GMOCK=OFF -DCMAKE_CXX_STANDARD=17
}

# Headers only: the same on any C library. Debian's packages bring their licences, and those of the compiler's libraries.
copy_headers() {
  ln -s /usr/include/boost "$prefix/include/boost"
  cp -r /usr/include/nlohmann /usr/include/CLI "$prefix/include/"
  cp -r /usr/share/cmake/nlohmann_json /usr/share/cmake/CLI11 "$prefix/share/cmake/"
  local package
  for package in nlohmann-json3-dev libcli11-dev musl-dev gcc-12-base; do
    keep_licence $package <"/usr/share/doc/$package/copyright"
  done
  gawk -v RS= '/^License: BSL-1.0\n/ && /Permission is hereby/ { print; exit }' \
    /usr/share/doc/libboost1.81-dev/copyright | keep_licence libboost1.81-dev
}

export PATH="$prefix/bin:$PATH"
say "toolchain: building $prefix (log: $log)"
"$PACKAGING/sources.py" fetch "$sources" /usr/src/gcc-12 ${RAILGUN_SOURCES:+"$RAILGUN_SOURCES"}
for step in make_compiler copy_headers build_zlib build_openssl build_libevent build_zstd build_brotli build_xxhash \
  build_nghttp2 build_libmemcached build_libarchive build_mimalloc build_gtest; do
  before=$SECONDS
  # Not "$step || ...": that would switch `set -e` off inside.
  set +e
  (set -e; $step)
  status=$?
  set -e
  [ $status = 0 ] || { tail -n 20 "$log" >&2; die "$step failed (see $log)"; }
  say "toolchain: $step, $((SECONDS - before)) s"
done
rm -rf "$work"
touch "$prefix/complete"
say "toolchain: done, $((SECONDS - started)) s"
echo "$prefix"
