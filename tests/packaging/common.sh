# What the packaging scripts share. Sourced by them, from sh or bash; sets TOP, CACHE, VERSION and SOURCE_DATE_EPOCH.

TOP=$(cd "$(dirname "$0")/../.." && pwd)
PACKAGING=$TOP/tests/packaging
# Toolchains and root file systems are kept here between runs; the tree itself stays clean.
CACHE=${RAILGUN_CACHE:-$HOME/.cache/railgun}
# The one version number is CMake's. RAILGUN_VERSION overrides it, so that a test can build its own predecessor.
VERSION=${RAILGUN_VERSION:-$(sed -n 's/^project(railgun VERSION \([0-9.]*\).*/\1/p' "$TOP/CMakeLists.txt")}
# All times in packages: the last commit's, so that the same commit gives the same bytes.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$TOP" log -1 --format=%ct 2>/dev/null || date +%s)}
export SOURCE_DATE_EPOCH
JOBS=${RAILGUN_JOBS:-$(nproc)}
# Where the results go: the static build, the .deb and .rpm, the tree both were packed from, the repositories.
BUILD=${RAILGUN_BUILD:-$TOP/build/portable}
PACKAGES=${RAILGUN_PACKAGES:-$TOP/build/packages}
STAGE=$PACKAGES/stage
REPO=${RAILGUN_REPO:-$TOP/build/repo}

say() { printf '%s\n' "== $*" >&2; }
die() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; exit 1; }

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

# need COMMAND=PACKAGE...: installs the packages whose command is missing (or whose file, if it starts with a slash).
need() {
  missing=
  for pair; do
    case ${pair%%=*} in
      /*) [ -e "${pair%%=*}" ] || missing="$missing ${pair#*=}" ;;
      *) command -v "${pair%%=*}" >/dev/null || missing="$missing ${pair#*=}" ;;
    esac
  done
  [ -n "$missing" ] || return 0
  say "installing$missing"
  install_log=$(mktemp)
  # shellcheck disable=SC2086
  { as_root apt-get update -qq && as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    $missing; } >"$install_log" 2>&1 || { tail -n 20 "$install_log" >&2; die "cannot install:$missing"; }
  rm -f "$install_log"
}
