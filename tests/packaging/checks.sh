# How the checks report. Sourced: check, refuse and finish. Also inside test systems, so plain sh.

failed=0
passed=0

# check TEXT COMMAND...: the command must succeed. Its output is shown if it does not.
check() {
  text=$1
  shift
  if output=$("$@" 2>&1); then
    passed=$((passed + 1))
    echo "ok    $text"
  else
    failed=$((failed + 1))
    echo "FAIL  $text"
    echo "$output" | head -n 20 | sed 's/^/      /'
  fi
}

# refuse TEXT COMMAND...: the command must fail.
refuse() {
  text=$1
  shift
  check "$text" not "$@"
}
not() { ! "$@"; }

# same TEXT WANTED FOUND
same() { check "$1" compare "$2" "$3"; }
compare() { [ "$1" = "$2" ] || { printf 'wanted: %s\nfound:  %s\n' "$1" "$2"; return 1; }; }

finish() {
  echo "$passed passed, $failed failed"
  [ "$failed" = 0 ]
}
