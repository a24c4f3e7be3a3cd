#!/bin/sh
# Runs inside a booted Debian (check_native.sh): the native package, from dpkg -i to purge.
. /opt/checks.sh
. /opt/pair.sh

export DEBIAN_FRONTEND=noninteractive PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C
conf=/etc/railgun/railgun.conf
keys=/etc/railgun/test-keys
mkdir -p /opt/scratch/origin

check "dpkg -i" dpkg -i /opt/railgun.deb
same "the service runs" active "$(systemctl is-active railgund.service)"
same "the service starts at boot" enabled "$(systemctl is-enabled railgund.service)"
same "railgund.socket is off" disabled "$(systemctl is-enabled railgund.socket)"
check "it is dynamic" sh -c 'ldd /usr/sbin/railgund | grep libssl'
mkdir -p $keys
pair_certificates $keys >/dev/null 2>&1
chown -R root:railgun $keys && chmod 750 $keys && chmod 640 $keys/*.key
sed -i '/^role *=/d' $conf
cp $conf /etc/railgun/sender.conf
pair_listener $keys >>$conf
pair_map >>/etc/railgun/railgun-nat.conf
pair_sender $keys >>/etc/railgun/sender.conf
sed -i -e 's,/run/railgun/railgun,/run/railgun/sender,' -e 's,/var/run/railgun/railgun.pid,/tmp/sender.pid,' \
  -e 's,^state.directory.*,state.directory = /tmp/sender,' /etc/railgun/sender.conf
check "restart as a listener" systemctl restart railgund.service
mkdir -p /tmp/sender
/usr/sbin/railgund --stderr --config /etc/railgun/sender.conf >/opt/scratch/sender.log 2>&1 &
pair_origin /opt/scratch/origin
busybox httpd -f -p 127.0.0.1:$pair_origin_port -h /opt/scratch/origin &
for _ in 1 2 3 4 5 6 7 8 9 10; do pair_fetch /opt/scratch >/dev/null 2>&1 && break; sleep 1; done
check "pages come as deltas" pair_fetches_delta /opt/scratch
before=$(systemctl show -p MainPID railgund.service)
check "installing it again hands over in place" dpkg -i /opt/railgun.deb
check "another process serves" test "$(systemctl show -p MainPID railgund.service)" != "$before"
check "pages still come" pair_fetch /opt/scratch
check "purge" dpkg --purge railgun
refuse "nothing runs" systemctl -q is-active railgund.service
check "the user stays" id railgun
[ $failed = 0 ] || { journalctl -b --no-pager -u railgund.service | tail -n 30; tail -n 20 /opt/scratch/sender.log; }
finish
