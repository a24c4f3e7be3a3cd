# The toolchain file of the portable build: RAILGUN_TOOLCHAIN is the folder that toolchain.sh prints. Nothing of the
# host is looked at, as its libraries are made for another C library.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR x86_64)
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES RAILGUN_TOOLCHAIN)
set(CMAKE_C_COMPILER ${RAILGUN_TOOLCHAIN}/bin/musl-cc)
set(CMAKE_CXX_COMPILER ${RAILGUN_TOOLCHAIN}/bin/musl-c++)
set(CMAKE_EXE_LINKER_FLAGS_INIT "-static")
set(CMAKE_FIND_ROOT_PATH ${RAILGUN_TOOLCHAIN})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
# libarchive's own build installs a shared library as well.
set(LibArchive_LIBRARY ${RAILGUN_TOOLCHAIN}/lib/libarchive.a)
set(ENV{PKG_CONFIG_LIBDIR} ${RAILGUN_TOOLCHAIN}/lib/pkgconfig)
set(PKG_CONFIG_ARGN --static)
# x86-64 programs of this toolchain run where they are built, so tests can be discovered and run as usual.
set(CMAKE_CROSSCOMPILING OFF)
