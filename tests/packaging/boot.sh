# Boots a root file system in a container without network and runs one script in it. Sourced by bash scripts.

# boot_and_run ROOT SCRIPT: on its own systemd as the first process, with checks.sh and pair.sh beside it. Shows the
# script's output; its exit code is in $inside.
boot_and_run() {
  local root=$1 script=$2
  as_root cp "$PACKAGING/checks.sh" "$PACKAGING/pair.sh" "$script" "$root/opt/"
  as_root tee "$root/etc/systemd/system/inside.service" >/dev/null <<UNIT
[Unit]
After=multi-user.target
[Service]
Type=oneshot
TimeoutStartSec=400
ExecStart=-/bin/sh -c '/bin/sh /opt/$(basename "$script") >/opt/result 2>&1; echo \$? >/opt/code'
ExecStartPost=/bin/systemctl --no-block poweroff
[Install]
WantedBy=default.target
UNIT
  as_root mkdir -p "$root/etc/systemd/system/default.target.wants"
  as_root ln -s ../inside.service "$root/etc/systemd/system/default.target.wants/inside.service"
  as_root timeout 500 systemd-nspawn --register=no --keep-unit --private-network -b -q -D "$root" \
    </dev/null >"$root.console" 2>&1 || true
  as_root cat "$root/opt/result" 2>/dev/null || { tail -n 30 "$root.console"; die "the container did not boot"; }
  inside=$(as_root cat "$root/opt/code")
}
