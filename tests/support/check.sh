# Checks that print one line each and are counted; sourced by the examples' run scripts and by the whole-program tests.
# COMPOSE_TEST_RESULTS=FILE: appends "pass|fail|skip<TAB>name<TAB>seconds" for tests/run.
checks_passed=0 checks_failed=0 check_prefix=${check_prefix:-}

record() {  # record pass|fail|skip NAME [SECONDS]
  [[ -z ${COMPOSE_TEST_RESULTS:-} ]] || printf '%s\t%s\t%s\n' "$1" "$check_prefix$2" "${3:-0}" >>"$COMPOSE_TEST_RESULTS"
}

# check NAME COMMAND...: passes when the command does.
check() {
  local name=$1 output
  shift
  if output=$("$@" 2>&1); then
    checks_passed=$((checks_passed + 1))
    echo "ok      $name"
    record pass "$name"
  else
    checks_failed=$((checks_failed + 1))
    echo "FAILED  $name"
    [[ -z $output ]] || sed 's/^/        /' <<<"$output"
    record fail "$name"
  fi
}

# step NAME COMMAND...: as check, with the command and its output shown.
step() {
  local name=$1
  shift
  printf '\n$ %s\n' "$*"
  "$@"
  local status=$?
  check "$name" test "$status" = 0
}

equal() {  # equal EXPECTED ACTUAL
  [[ $1 == "$2" ]] || { printf 'expected: %s\nactual:   %s\n' "$1" "$2"; return 1; }
}

matches() {  # matches TEXT REGEX
  [[ $1 =~ $2 ]] || { printf 'no match for: %s\nin: %s\n' "$2" "$1"; return 1; }
}

lacks() {  # lacks TEXT REGEX
  [[ ! $1 =~ $2 ]] || { printf 'unwanted match for: %s\nin: %s\n' "$2" "$1"; return 1; }
}

fails() {  # fails COMMAND...: passes when the command does not; `! COMMAND` would be no check under `set -e`
  ! "$@" || { echo "did not fail: $*"; return 1; }
}

# eventually SECONDS COMMAND...: until it passes; fails with its last output after SECONDS. COMPOSE_TEST_SLOWNESS is how many
# times slower than a real one this machine is: an emulated one is given that much more time.
eventually() {
  local deadline=$(($(now_ms) + $1 * 1000 * ${COMPOSE_TEST_SLOWNESS:-1})) output
  shift
  until output=$("$@" 2>&1); do
    (($(now_ms) < deadline)) || { echo "$output"; return 1; }
    sleep 0.02
  done
}

# take_census FILE; the kernel takes network namespaces and mounts down a moment after their last user.
take_census() { "$source_root/tests/support/census" "${COMPOSE_RUN_ROOT:-}" "${COMPOSE_DATA_ROOT:-}" >"$1"; }
nothing_left() {  # nothing_left FILE: compares with the census taken before
  take_census "$1.after"
  local left
  left=$(diff "$1" "$1.after" | grep '^[<>]')
  [[ -z $left ]] || { echo "$left"; return 1; }
}

finish_checks() {
  echo
  echo "$checks_passed passed, $checks_failed failed"
  ((checks_failed == 0))
}
