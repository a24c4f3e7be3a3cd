#!/bin/sh
# Run by the packages after an upgrade: the installed railgund takes over from the running one without dropping a
# request. The old process hands its sockets to the new one, finishes what is under way and ends. If the new one does
# not come up, the service is restarted. Does nothing where no railgund runs. Never fails.

if [ ! -d /run/systemd/system ]; then
  for init in /etc/init.d/railgund /etc/rc.d/init.d/railgund; do
    [ -x "$init" ] || continue
    "$init" status >/dev/null 2>&1 || exit 0
    "$init" upgrade || "$init" restart || true
    exit 0
  done
  exit 0
fi

# `show --value` is newer than some systems.
main_pid() { systemctl show -p MainPID railgund.service 2>/dev/null | sed 's/^MainPID=//'; }

systemctl -q is-active railgund.service || exit 0
old=$(main_pid)
case $old in '' | 0) exit 0 ;; esac
kill -USR2 "$old" 2>/dev/null
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  now=$(main_pid)
  if [ -n "$now" ] && [ "$now" != 0 ] && [ "$now" != "$old" ] && systemctl -q is-active railgund.service; then
    exit 0
  fi
  sleep 1
done
echo "railgun: the upgrade in place did not happen; restarting the service"
systemctl restart railgund.service || true
exit 0
