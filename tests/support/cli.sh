# Whole-program tests. A file tests/cli/<what>_test.sh sources this, defines functions test_<a_sentence> and ends with
# `run_tests "$@"`. Each function runs alone: in an empty directory ($PWD, a compose project named "t"), with data and run roots
# of its own, under `set -e`; afterwards whatever it left is compared with what was there before, and taken down.
#
#   tests/cli/dns_test.sh                       all tests of a file (in a world of their own)
#   tests/cli/dns_test.sh dead_replicas         those whose name contains the word
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
[[ ${COMPOSE_TEST_WORLD:-} == 1 ]] || exec "$source_root/tests/support/world" "$0" "$@"
. "$source_root/tests/support/check.sh"
COMPOSE_TEST_ROUNDS=${COMPOSE_TEST_ROUNDS:-0}
export PATH=${COMPOSE_TEST_BIN:-$source_root/build/release/bin}:$PATH

# A build context for a busybox image: `build: ./image` in a compose file.
busybox_image() {
  local cached=$source_root/build/busybox-rootfs.tar new
  [[ -f $cached ]] || { new=$(mktemp "$cached.XXXXXX") && busybox_rootfs "$new" && mv "$new" "$cached"; }
  mkdir -p "${1:-image}"
  cp "$cached" "${1:-image}/rootfs.tar"
  printf 'FROM scratch\nADD rootfs.tar /\nCMD ["sleep", "infinity"]\n' >"${1:-image}/Dockerfile"
}

# one_service [EXTRA LINES]: compose.yaml with a service `web` that sleeps; EXTRA is appended to it.
one_service() {
  busybox_image
  cat >compose.yaml <<END
services:
  web:
    image: test-busybox
    build: ./image
    init: true
    command: sleep infinity
${1:-}
END
}

# rounds N: 1 to N, or fewer where the machine is slow (COMPOSE_TEST_ROUNDS).
rounds() { seq "$((COMPOSE_TEST_ROUNDS > 0 && COMPOSE_TEST_ROUNDS < $1 ? COMPOSE_TEST_ROUNDS : $1))"; }

skip_test() {
  echo "$1" >"$scratch/skipped"
  exit 0
}

# The addresses that a name has inside a container: addresses_of SERVICE NAME
addresses_of() {
  compose exec -T "$1" nslookup -type=a "$2" 127.0.0.11 2>/dev/null | awk '/^Name:/ { on = 1 } on && /^Address/ { print $NF }' | sort
}

# pid_of SERVICE [N]: the init of the Nth container (1), as the host counts.
pid_of() {
  local id
  id=$(compose ps -q --no-trunc "$1" 2>/dev/null | sed -n "${2:-1}p")
  [[ -n $id ]] || id=$(compose ps -q "$1" | sed -n "${2:-1}p")
  # Its cgroup carries its id; the first process of it is its init.
  cat $(find /sys/fs/cgroup -path "*${id:0:12}*" -name cgroup.procs 2>/dev/null) | sort -n | head -n 1
}

# Addresses that the containers of a service really have, seen from inside each.
live_addresses() {
  local index
  for index in $(compose ps --format '{{.Name}}' "$1" | grep -o '[0-9]*$'); do
    compose exec -T --index "$index" "$1" hostname -i
  done | tr ' ' '\n' | grep -v '^$' | sort
}
running() { compose ps -q --status running "$@" | wc -l; }

run_one() {
  local name=$1 began scratch verdict=pass output
  scratch=$(mktemp -d /tmp/ct-XXXXXX)
  mkdir -p "$scratch/t"
  export COMPOSE_DATA_ROOT=$scratch/data COMPOSE_RUN_ROOT=$scratch/run
  export -n COMPOSE_PROJECT_NAME
  take_census "$scratch/census"
  began=$(now_ms)
  # Not in a condition: set -e would be off inside.
  (
    set -eE
    trap 'echo "line $LINENO: $BASH_COMMAND: status $?" >&2' ERR
    cd "$scratch/t"
    "test_$name"
  ) >"$scratch/output" 2>&1
  (($? == 0)) || verdict=fail
  [[ -f $scratch/skipped ]] && verdict=skip
  if [[ $verdict == pass ]] && ! output=$(eventually 10 nothing_left "$scratch/census"); then
    verdict=fail
    printf 'left behind:\n%s\n' "$output" >>"$scratch/output"
  fi
  clean_up_after "$scratch"
  local took=$(($(now_ms) - began)) sentence=${name//_/ }
  printf '%-5s %s (%d ms)\n' "$verdict" "$sentence" "$took"
  [[ $verdict == fail ]] && tail -n 40 "$scratch/output" | sed 's/^/      /'
  record "$verdict" "$sentence$([[ -f $scratch/skipped ]] && echo " # $(cat "$scratch/skipped")")" \
    "$((took / 1000)).$(printf %03d $((took % 1000)))"
  [[ $verdict != fail ]] || failures=$((failures + 1))
  rm -rf "$scratch" 2>/dev/null
}

clean_up_after() {
  local directory
  for directory in "$1"/t "$1"/t/*/; do
    [[ -f $directory/compose.yaml ]] && (cd "$directory" && timeout 20 compose down -t 0 -v >/dev/null 2>&1)
  done
  return 0
}

run_tests() {
  local name failures=0
  check_prefix="$(basename "$0" _test.sh): "
  for name in $(declare -F | awk '$3 ~ /^test_/ { print substr($3, 6) }'); do
    [[ $# == 0 || $name == *"$1"* ]] || continue
    run_one "$name"
  done
  exit $((failures > 0))
}
