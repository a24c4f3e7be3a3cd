#!/bin/sh
# Run by the packages after an upgrade: the installed railgund takes over from each running one without losing a
# request. The old process passes its sockets to the new one, finishes the requests under way and exits. If the new one
# does not start, the service is restarted. Does nothing if no railgund is running. Never fails.

if [ ! -d /run/systemd/system ]; then
  for init in /etc/init.d/railgund /etc/rc.d/init.d/railgund; do
    [ -x "$init" ] || continue
    "$init" status >/dev/null 2>&1 || exit 0
    "$init" upgrade || "$init" restart || true
    exit 0
  done
  exit 0
fi

# Some old systems do not know `show --value`.
main_pid() { systemctl show -p MainPID "$1" 2>/dev/null | sed 's/^MainPID=//'; }

upgrade() {
  old=$(main_pid "$1")
  case $old in '' | 0) return 0 ;; esac
  kill -USR2 "$old" 2>/dev/null
  for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    now=$(main_pid "$1")
    if [ -n "$now" ] && [ "$now" != 0 ] && [ "$now" != "$old" ] && systemctl -q is-active "$1"; then
      return 0
    fi
    sleep 1
  done
  echo "railgun: the upgrade in place of $1 failed; restarting it"
  systemctl restart "$1" || true
}

# Also what an administrator made of the unit, such as railgund-sender.service.
for unit in $(systemctl list-units --plain --no-legend --state=active 'railgund*.service' 2>/dev/null | sed 's/ .*//'); do
  upgrade "$unit"
done
exit 0
