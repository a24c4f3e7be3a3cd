#!/bin/bash
# Makes the signed repositories from build/packages in build/repo: apt (dists/, pool/) and yum (el/), and the public key.
#   repo.sh    RAILGUN_SIGNING_HOME: a GnuPG folder with the release key. Without it a key is made for the occasion.
set -euo pipefail
. "$(dirname "$0")/common.sh"

need gpg=gnupg apt-ftparchive=apt-utils createrepo_c=createrepo-c rpmsign=rpm
ls "$PACKAGES"/*.deb "$PACKAGES"/*.rpm >/dev/null 2>&1 || die "no packages in $PACKAGES: run ./dev packages first"

export GNUPGHOME=${RAILGUN_SIGNING_HOME:-$TOP/build/signing}
if [ -z "${RAILGUN_SIGNING_HOME:-}" ] && [ ! -d "$GNUPGHOME" ]; then
  mkdir -p "$GNUPGHOME"
  chmod 700 "$GNUPGHOME"
  # RSA: the GnuPG of Ubuntu 12.04 to 16.04 and EL 6 and 7 knows no elliptic curves.
  gpg --batch --quiet --passphrase '' --quick-generate-key 'Railgun test repository' rsa3072 sign never 2>/dev/null
fi
key=$(gpg --batch --list-secret-keys --with-colons | awk -F: '$1 == "fpr" { print $10; exit }')
[ -n "$key" ] || die "no signing key in $GNUPGHOME"
sign() { gpg --batch --yes --quiet --local-user "$key" --digest-algo SHA256 "$@"; }

rm -rf "$REPO"
mkdir -p "$REPO/pool" "$REPO/dists/stable/main/binary-amd64" "$REPO/el"
# Both forms: apt's trusted.gpg.d and Signed-By take the binary one, rpm --import the other.
gpg --batch --export "$key" >"$REPO/railgun.gpg"
gpg --batch --armor --export "$key" >"$REPO/railgun.asc"

# ---- apt: index in gzip, three kinds of sums, both kinds of signature: from apt 0.8 on --------------------------------
cp "$PACKAGES"/*.deb "$REPO/pool/"
cd "$REPO"
apt-ftparchive packages pool >dists/stable/main/binary-amd64/Packages
gzip -9nk dists/stable/main/binary-amd64/Packages
apt-ftparchive -o APT::FTPArchive::Release::Origin=Railgun -o APT::FTPArchive::Release::Label=Railgun \
  -o APT::FTPArchive::Release::Suite=stable -o APT::FTPArchive::Release::Codename=stable \
  -o APT::FTPArchive::Release::Architectures=amd64 -o APT::FTPArchive::Release::Components=main \
  release dists/stable >"$REPO/Release"
mv Release dists/stable/Release
sign --clearsign -o dists/stable/InRelease dists/stable/Release
sign --armor --detach-sign -o dists/stable/Release.gpg dists/stable/Release

# ---- yum: gzip and sqlite, for yum 3 as for dnf --------------------------------------------------------------------
cp "$PACKAGES"/*.rpm el/
rpmsign --addsign --define "_gpg_name $key" --define "_gpg_digest_algo sha256" --define "__gpg $(command -v gpg)" \
  el/*.rpm >"$TOP/build/rpmsign.log" 2>&1 || { cat "$TOP/build/rpmsign.log" >&2; die "signing the .rpm failed"; }
createrepo_c --quiet --checksum sha256 --compress-type gz --database --simple-md-filenames \
  --set-timestamp-to-revision --revision "$SOURCE_DATE_EPOCH" el
sign --armor --detach-sign -o el/repodata/repomd.xml.asc el/repodata/repomd.xml

echo "$VERSION" >"$REPO/version"
say "repo: $REPO, signed by $key"
