# Runs in the root of check_init.sh: every action of the init script, its exit code, and what it leaves.
. /checks.sh

init=/etc/init.d/railgund
pid_file=/var/run/railgun/railgun.pid
code() { "$@" >/tmp/output 2>&1; echo $?; }

same "status before the first start" 3 "$(code $init status)"
same "reload of what does not run" 7 "$(code $init reload)"
same "start" 0 "$(code $init start)"
first=$(cat $pid_file)
same "runs as the user railgun" 990 "$(awk '/^Uid:/ { print $2 }' "/proc/$first/status")"
same "start again" 0 "$(code $init start)"
same "start again leaves the same process" "$first" "$(cat $pid_file)"
same "status" 0 "$(code $init status)"
same "reload" 0 "$(code $init reload)"
same "restart" 0 "$(code $init restart)"
check "restart makes another process" test "$first" != "$(cat $pid_file)"
second=$(cat $pid_file)
same "upgrade" 0 "$(code $init upgrade)"
check "upgrade makes another process" test "$second" != "$(cat $pid_file)"
same "status after the upgrade" 0 "$(code $init status)"
same "try-restart" 0 "$(code $init try-restart)"
same "stop" 0 "$(code $init stop)"
check "stop removes the pid file" test ! -e $pid_file
same "stop again" 0 "$(code $init stop)"
same "status after stop" 3 "$(code $init status)"
same "try-restart of what does not run" 0 "$(code $init try-restart)"
same "nothing was started by it" 3 "$(code $init status)"
same "an unknown action" 2 "$(code $init bogus)"
same "no action" 2 "$(code $init)"

$init start >/dev/null 2>&1
kill -KILL "$(cat $pid_file)"
sleep 1
same "status after a crash" 1 "$(code $init status)"
same "start after a crash" 0 "$(code $init start)"
$init stop >/dev/null 2>&1

echo 'no.such.key = 1' >>/etc/railgun/railgun.conf
echo 'wan.port = many' >>/etc/railgun/railgun.conf
same "start with a wrong configuration" 6 "$(code $init start)"
check "the mistake is shown" grep -q railgun.conf /tmp/output
same "nothing was started" 3 "$(code $init status)"
finish
