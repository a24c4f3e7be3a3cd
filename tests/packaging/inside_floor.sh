# Runs on a loopback of its own (check_floor.sh): inside_floor.sh FOLDER FLOOR
. "$1/checks.sh"
. "$1/pair.sh"

mount -t proc proc /proc
ip link set lo up
folder=$1/$2
floor="$1/sysfloor $2"
mkdir -p "$folder/origin" "$folder/listener" "$folder/sender"
cd "$1" || exit 1

check "railgund --version" $floor ./railgund --version
check "railgunctl --version" $floor ./railgunctl --version
pair_certificates "$folder" >/dev/null 2>&1
pair_origin "$folder/origin"
pair_map >"$folder/map"
for end in listener sender; do
  {
    pair_$end "$folder"
    echo "map.file = $folder/map"
    echo "state.directory = $folder/$end"
    echo "control.socket = $folder/$end/sock"
    echo "pid.file = $folder/$end/pid"
  } >"$folder/$end.conf"
  check "settings of the $end" $floor ./railgund --config "$folder/$end.conf" --check
  $floor ./railgund --config "$folder/$end.conf" --stderr >"$folder/$end.log" 2>&1 &
  eval "$end=\$!"
done
busybox httpd -f -p 127.0.0.1:$pair_origin_port -h "$folder/origin" &

fetched=no
for _ in 1 2 3 4 5 6 7 8 9 10; do
  pair_fetch "$folder" >/dev/null 2>&1 && { fetched=yes; break; }
  sleep 1
done
same "a page through the pair" yes $fetched
check "the next one comes as a delta" pair_fetches_delta "$folder"
for end in listener sender; do
  check "railgunctl status at the $end" $floor ./railgunctl --socket "$folder/$end/sock" status
done
kill -HUP "$listener" "$sender"
check "pages come after a reload" pair_fetch "$folder"
kill -TERM "$listener" "$sender"
wait "$listener"
same "the listener ends well" 0 $?
wait "$sender"
same "the sender ends well" 0 $?
[ $failed = 0 ] || tail -n 20 "$folder"/*.log
finish
