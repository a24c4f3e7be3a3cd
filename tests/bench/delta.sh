#!/bin/sh
# Measures the delta engine beside zlib, zstd and xdelta3 on a folder of page versions: sizes, speeds, every output decoded.
#   ./dev bench delta DIR [--json] [--pairs N]
set -e
[ $# -ge 1 ] || { echo "usage: ./dev bench delta DIR [--json] [--pairs N]   (DIR/RESOURCE/0001, 0002, ...)" >&2; exit 2; }
echo "load: $(cut -d' ' -f1-3 /proc/loadavg), $(nproc) processors" >&2
build/release/bin/railgunctl savings "$@"
case " $* " in
  *" --json "*) ;;
  *) python3 tests/bench/xdelta.py "$1" ;;
esac
