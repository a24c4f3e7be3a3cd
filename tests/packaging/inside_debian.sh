#!/bin/sh
# Runs inside a booted Debian (check_debian.sh): a user's whole way with the package, from the repository's key to purge.
# /opt/before and /opt/after are repositories with the previous and the present version.
. /opt/checks.sh
. /opt/pair.sh

export DEBIAN_FRONTEND=noninteractive PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C
scratch=/opt/scratch
conf=/etc/railgun/railgun.conf
mkdir -p $scratch

quietly() { "$@" >$scratch/log 2>&1 || { tail -n 15 $scratch/log; return 1; }; }
use_repository() {
  echo "deb [signed-by=/usr/share/keyrings/railgun.gpg] file:/opt/$1 stable main" >/etc/apt/sources.list.d/railgun.list
  quietly apt-get -o Dir::Etc::SourceList=/dev/null update && ! grep -E '^[WE]:' $scratch/log
}
installed() { dpkg-query -W -f '${db:Status-Status} ${Version}' railgun; }
main_pid() { systemctl show -p MainPID "${1:-railgund}.service" | sed 's/.*=//'; }
restarts() { systemctl show -p NRestarts railgund.service | sed 's/.*=//'; }
# try SECONDS COMMAND...: until it succeeds.
try() {
  left=$1
  shift
  until "$@"; do
    left=$((left - 1))
    [ $left -gt 0 ] || return 1
    sleep 1
  done
}

echo "-- $(. /etc/os-release; echo "$PRETTY_NAME"), $(systemctl --version | head -n 1)"

# ---- install -------------------------------------------------------------------------------------------------------
rm -f /etc/apt/sources.list.d/*
cp /opt/after/railgun.gpg /usr/share/keyrings/railgun.gpg
find / -xdev -name '*railgun*' -not -path '/opt/*' -not -path '/usr/share/keyrings/*' -not -path '/etc/apt/*' \
  -not -path '/var/lib/apt/*' 2>/dev/null | sort >$scratch/before
check "apt takes the signed repository" use_repository before
check "apt-get install railgun" quietly apt-get install -y -q railgun
same "the previous version is installed" "installed $(cat /opt/before/version)" "$(installed)"
check "the sysctl setting is said" grep -q tcp_slow_start_after_idle $scratch/log
check "the user is there" id railgun
same "configuration: owner and mode" "root:railgun 640" "$(stat -c '%U:%G %a' $conf)"
for folder in /var/lib/railgun /var/log/railgun; do
  same "$folder: owner and mode" "railgun:railgun 750" "$(stat -c '%U:%G %a' $folder)"
done
same "the service starts at boot" enabled "$(systemctl is-enabled railgund.service)"
same "the service runs" active "$(systemctl is-active railgund.service)"
same "it runs as the user railgun" railgun "$(ps -o user= -p "$(main_pid)")"
refuse "railgunctl status is not content without a certificate" railgunctl status
check "and says what to do" sh -c 'railgunctl status | grep "railgunctl activate TOKEN"'
check "the original's init script answers" /etc/init.d/railgund status
check "logrotate accepts its file" quietly logrotate -f /etc/logrotate.d/railgun
refuse "systemd has nothing to say against the unit" sh -c "journalctl -b -q | grep -iE 'railgund.(service|socket):[0-9]+:'"

# ---- a pair, the listener as the package's service -------------------------------------------------------------------
keys=/etc/railgun/test-keys
mkdir -p $keys $scratch/origin
check "certificates" quietly pair_certificates $keys
chown -R root:railgun $keys
chmod 750 $keys && chmod 640 $keys/*.key
pair_origin $scratch/origin
busybox httpd -f -p 127.0.0.1:$pair_origin_port -h $scratch/origin &
origin=$!

sed -i '/^role *=/d' $conf
pair_listener $keys >>$conf
pair_map >>/etc/railgun/railgun-nat.conf
echo '# edited by the administrator' >>$conf
sed -e '/^role *=/d' -e 's,/run/railgun/railgund.sock,/run/railgun-sender/railgund.sock,' \
  -e 's,/var/run/railgun/railgun.pid,/run/railgun-sender/railgun.pid,' -e 's,/var/lib/railgun,/var/lib/railgun-sender,' \
  -e 's,/var/log/railgun/panic.log,/var/log/railgun-sender/panic.log,' \
  $conf | grep -v -x -F "$(pair_listener $keys)" >/etc/railgun/sender.conf
pair_sender $keys >>/etc/railgun/sender.conf
chown root:railgun /etc/railgun/sender.conf
# A second daemon on one machine is the same unit with other folders.
sed -e 's,railgun/railgun.conf,railgun/sender.conf,g' -e 's,Directory=railgun$,Directory=railgun-sender,' \
  -e 's,^ConfigurationDirectory=.*,ConfigurationDirectory=railgun,' -e '/^Alias=/d' \
  /lib/systemd/system/railgund.service >/etc/systemd/system/railgund-sender.service
# A watchdog of seconds, so that one that is not fed shows while the test runs.
mkdir -p /etc/systemd/system/railgund.service.d
printf '[Service]\nWatchdogSec=4\n' >/etc/systemd/system/railgund.service.d/test.conf
systemctl daemon-reload
check "the settings are right" railgund --config $conf --check
check "the sender's settings are right" railgund --config /etc/railgun/sender.conf --check
check "restart with the new settings" quietly systemctl restart railgund.service
check "the sender starts" quietly systemctl start railgund-sender.service
check "a page through the pair" try 10 pair_fetch $scratch
check "the next one comes as a delta" pair_fetches_delta $scratch
check "railgunctl status as root" railgunctl status
adduser --quiet --system --ingroup railgun --no-create-home watcher >/dev/null 2>&1
check "railgunctl status as one of the group" su -s /bin/sh watcher -c 'railgunctl status'
check "railgunctl status at the sender" railgunctl --socket /run/railgun-sender/railgund.sock status
check "railgunctl support-bundle" quietly railgunctl support-bundle -o $scratch/bundle.tar.gz

# ---- reload ----------------------------------------------------------------------------------------------------------
pid=$(main_pid)
check "reload" quietly systemctl reload railgund.service
same "reload keeps the process" "$pid" "$(main_pid)"
cp $conf $scratch/good.conf
echo 'wan.port = many' >>$conf
refuse "reload refuses a wrong configuration" quietly systemctl reload railgund.service
same "and the daemon goes on" active "$(systemctl is-active railgund.service)"
check "and pages come" pair_fetch $scratch
cat $scratch/good.conf >$conf

# ---- upgrades while pages are fetched -----------------------------------------------------------------------------------
# Counts what a visitor would see: every request answered, whole and right.
begin_load() {
  rm -rf $scratch/load $scratch/enough
  mkdir -p $scratch/load
  (
    wrong=0
    all=0
    while [ ! -e $scratch/enough ]; do
      all=$((all + 1))
      pair_fetch $scratch/load >$scratch/load/error 2>&1 || { wrong=$((wrong + 1)); cat $scratch/load/error >>$scratch/load/errors; }
    done
    echo "$wrong of $all" >$scratch/load/result
  ) &
  load=$!
}
end_load() {
  touch $scratch/enough
  wait $load
  same "no request was lost: $1" "0" "$(cut -d' ' -f1 $scratch/load/result)"
  echo "      wrong answers during $1: $(cat $scratch/load/result)"
  [ ! -s $scratch/load/errors ] || head -n 5 $scratch/load/errors
}
is_replaced() { [ "$(main_pid "$1")" != "$2" ] && systemctl -q is-active "$1.service"; }
# ten_upgrades UNIT: each once systemd follows the process before.
ten_upgrades() {
  count=0
  while [ $count -lt 10 ]; do
    count=$((count + 1))
    before=$(main_pid "$1")
    systemctl kill --kill-who=main -s USR2 "$1.service"
    try 20 is_replaced "$1" "$before" || { echo "the upgrade number $count did not happen"; return 1; }
  done
  [ "$(systemctl show -p NRestarts "$1.service")" = NRestarts=0 ]
}

begin_load
check "ten upgrades in place of the listener" ten_upgrades railgund
check "ten upgrades in place of the sender" ten_upgrades railgund-sender
end_load "twenty upgrades in place"

pid=$(main_pid)
sender_pid=$(main_pid railgund-sender)
begin_load
sleep 1
check "apt takes the next version's repository" use_repository after
check "apt-get upgrade" quietly apt-get install -y -q -o Dpkg::Options::=--force-confold railgun
same "the present version is installed" "installed $(cat /opt/after/version)" "$(installed)"
refuse "no service was restarted for it" grep -q 'restarting it' $scratch/log
check "another process serves" test "$(main_pid)" != "$pid"
check "another process serves at the second unit, too" test "$(main_pid railgund-sender)" != "$sender_pid"
same "the services run" "active active" "$(systemctl is-active railgund.service railgund-sender.service | xargs)"
sleep 10
end_load "the package's upgrade"
same "the new process feeds the watchdog" "active 0" "$(systemctl is-active railgund.service) $(restarts)"
check "pages come as deltas" pair_fetches_delta $scratch
check "the edited configuration is kept" grep -q 'edited by the administrator' $conf
check "the new one is beside it" test -e $conf.dpkg-dist
same "its owner and mode are kept" "root:railgun 640" "$(stat -c '%U:%G %a' $conf)"
check "stop" quietly systemctl stop railgund.service
same "it ended well" success "$(systemctl show -p Result railgund.service | sed 's/.*=//')"
check "start" quietly systemctl start railgund.service

# ---- remove and purge --------------------------------------------------------------------------------------------------
systemctl stop railgund-sender.service
kill $origin
check "apt-get remove" quietly apt-get remove -y -q railgun
refuse "remove stops the service" systemctl -q is-active railgund.service
check "remove keeps the configuration" grep -q 'edited by the administrator' $conf
check "apt-get install again" quietly apt-get install -y -q railgun
same "the service runs again" active "$(systemctl is-active railgund.service)"
check "apt-get purge" quietly apt-get purge -y -q railgun
# What this test made itself.
rm -rf $keys /etc/railgun/sender.conf /etc/systemd/system/railgund-sender.service /etc/systemd/system/railgund.service.d \
  /var/lib/railgun-sender /var/log/railgun-sender /run/railgun-sender
rmdir /etc/railgun 2>/dev/null
find / -xdev -name '*railgun*' -not -path '/opt/*' -not -path '/usr/share/keyrings/*' -not -path '/etc/apt/*' \
  -not -path '/var/lib/apt/*' 2>/dev/null | sort >$scratch/after
same "purge leaves no file" "" "$(comm -13 $scratch/before $scratch/after)"
check "purge leaves the user" id railgun
[ $failed = 0 ] || journalctl -b --no-pager -o short -u railgund.service -u railgund-sender.service |
  grep -vE ' GET | link (to|from) |Got notification' | tail -n 250
finish
