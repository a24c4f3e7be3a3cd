# A whole pair on loopback, for the tests: certificates, an origin whose page changes with every request, both
# configurations, and one fetch with all its checks. Sourced, plain sh; needs openssl, curl, busybox.
#
# The page ends with its own checksum, so that every fetch proves the body, not only its length.

pair_origin_port=${pair_origin_port:-18000}
pair_wan_port=${pair_wan_port:-12408}
pair_client_port=${pair_client_port:-18080}

# pair_certificates FOLDER: an authority, and a certificate for each end. Without DNS names: those of a listener's
# certificate are the hosts that it may serve, and none means all.
pair_certificates() {
  openssl ecparam -genkey -name prime256v1 -noout -out "$1/ca.key" &&
    openssl req -x509 -new -key "$1/ca.key" -subj /CN=test-authority -days 30 -out "$1/ca.crt" || return 1
  for end in listener sender; do
    openssl ecparam -genkey -name prime256v1 -noout -out "$1/$end.key" &&
      openssl req -new -key "$1/$end.key" -subj "/CN=$end" -out "$1/$end.csr" &&
      openssl x509 -req -in "$1/$end.csr" -CA "$1/ca.crt" -CAkey "$1/ca.key" -CAcreateserial -days 30 \
        -out "$1/$end.crt" || return 1
  done
}

# pair_origin FOLDER: makes the origin's folder. Serve it with: busybox httpd -f -p 127.0.0.1:PORT -h FOLDER
pair_origin() {
  mkdir -p "$1/cgi-bin"
  cat >"$1/cgi-bin/page" <<'PAGE'
#!/bin/sh
# About 60 KB that stay, a counter and the time that change.
page=$(
  echo "<html><body><h1>$(date) $$</h1>"
  i=0
  while [ $i -lt 400 ]; do
    echo "<p class=\"story-$i\">Story number $i: nothing of this changes from one request to the next, neither its words nor $((i * 7919))</p>"
    i=$((i + 1))
  done
  echo "</body></html>"
)
printf 'Content-Type: text/html\r\n\r\n'
printf '%s\n' "$page"
printf '%s' "$page" | md5sum | cut -d' ' -f1
PAGE
  chmod 755 "$1/cgi-bin/page"
}

# pair_listener FOLDER, pair_sender FOLDER: settings to append to a configuration file.
pair_listener() {
  cat <<SETTINGS
role = listener
wan.ip = 127.0.0.1
wan.port = $pair_wan_port
cert.file = $1/listener.crt
key.file = $1/listener.key
link.ca_file = $1/ca.crt
log.level = 1
SETTINGS
}
pair_sender() {
  cat <<SETTINGS
role = sender
listen = 127.0.0.1:$pair_client_port
site.default.listeners = 127.0.0.1:$pair_wan_port
link.wait = 3000
cert.file = $1/sender.crt
key.file = $1/sender.key
link.ca_file = $1/ca.crt
log.level = 1
SETTINGS
}
pair_map() { echo "default = 127.0.0.1:$pair_origin_port"; }

# pair_fetch FOLDER: one page through the pair, into FOLDER/body and FOLDER/head. Fails unless it is whole and right.
pair_fetch() {
  curl -s -S -m 20 -o "$1/body" -D "$1/head" -H 'Host: www.example.test' "http://127.0.0.1:$pair_client_port/cgi-bin/page" || return 1
  head -n 1 "$1/head" | grep -q ' 200 ' || { cat "$1/head" "$1/body"; return 1; }
  # The page's last line is the checksum of all before it, without its line end.
  [ "$(printf '%s' "$(sed '$d' "$1/body")" | md5sum | cut -d' ' -f1)" = "$(tail -n 1 "$1/body")" ] ||
    { echo "the page's checksum is wrong"; return 1; }
}

# pair_ratio FOLDER: what Cf-Railgun said of the last fetch: percent of the page that was sent, "stream", "normal", …
pair_ratio() { tr -d '\r' <"$1/head" | awk 'tolower($1) == "cf-railgun:" { print ($2 == "direct") ? "direct" : $3 }'; }

# pair_fetches_delta FOLDER: the first page as what it takes, the second as a delta under 5 percent.
pair_fetches_delta() {
  pair_fetch "$1" && pair_fetch "$1" || return 1
  pair_ratio "$1" | awk '/^[0-9.]+$/ && $1 < 5 { fine = 1 } { print "Cf-Railgun says: " $0 } END { exit !fine }'
}
