#!/bin/sh
# Deploy hook for clients of ACME: copies a certificate that was issued or renewed into tls.directory, where the daemon may
# read it and nobody else, and reloads railgund. No connection is cut.
#
#   certbot certonly … --deploy-hook /usr/lib/railgun/deploy-certificate    (certbot remembers it for renewals)
#   dehydrated:  HOOK=/usr/lib/railgun/deploy-certificate in its settings
#   lego … run --run-hook /usr/lib/railgun/deploy-certificate; … renew --renew-hook /usr/lib/railgun/deploy-certificate
#   others:      /usr/lib/railgun/deploy-certificate NAME FULLCHAIN.pem KEY.pem
#
# Environment: RAILGUN_TLS_DIRECTORY (default /etc/railgun/tls), RAILGUN_GROUP (railgun), RAILGUN_RELOAD (railgunctl reload).
set -eu
umask 077

directory=${RAILGUN_TLS_DIRECTORY:-/etc/railgun/tls}
group=${RAILGUN_GROUP-railgun}

deploy() { # NAME FULLCHAIN KEY
  target=$directory/$1
  mkdir -p "$target"
  cp "$2" "$target/fullchain.pem.new"
  cp "$3" "$target/privkey.pem.new"
  if [ -n "$group" ]; then
    chgrp "$group" "$directory" "$target" "$target/fullchain.pem.new" "$target/privkey.pem.new"
  fi
  chmod 0750 "$directory" "$target"
  chmod 0640 "$target/fullchain.pem.new" "$target/privkey.pem.new"
  mv "$target/privkey.pem.new" "$target/privkey.pem"
  mv "$target/fullchain.pem.new" "$target/fullchain.pem"
  ${RAILGUN_RELOAD:-railgunctl reload}
}

if [ -n "${RENEWED_LINEAGE:-}" ]; then # certbot
  deploy "$(basename "$RENEWED_LINEAGE")" "$RENEWED_LINEAGE/fullchain.pem" "$RENEWED_LINEAGE/privkey.pem"
elif [ -n "${LEGO_CERT_PATH:-}" ]; then
  deploy "$LEGO_CERT_DOMAIN" "$LEGO_CERT_PATH" "$LEGO_CERT_KEY_PATH"
elif [ "${1:-}" = deploy_cert ]; then # dehydrated: DOMAIN KEY CERTIFICATE FULLCHAIN …
  deploy "$2" "$5" "$3"
elif [ $# = 3 ] && [ -f "$2" ] && [ -f "$3" ]; then
  deploy "$1" "$2" "$3"
elif [ $# = 0 ]; then
  echo "usage: $0 NAME FULLCHAIN.pem KEY.pem; or as a hook of certbot, dehydrated or lego" >&2
  exit 2
fi
# Other events of dehydrated need nothing.
