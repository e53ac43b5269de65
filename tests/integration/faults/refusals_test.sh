#!/bin/bash
# What the kernel refuses, or a terminal interrupts, in the middle of `up`: told once, by the right name, and nothing runs without it.
export COMPOSE_TEST_BIN=$(dirname "${BASH_SOURCE[0]}")/../../../build/release/faults
COMPOSE_TEST_BIN=$(readlink -f "$COMPOSE_TEST_BIN")
. "$(dirname "${BASH_SOURCE[0]}")/../../support/cli.sh"

three_networks() {
  busybox_image
  cat >compose.yaml <<'END'
x-sleeper: &sleeper {image: test-busybox, build: ./image, init: true}
services:
  one: {<<: *sleeper, networks: [a]}
  two: {<<: *sleeper, networks: [b]}
  three: {<<: *sleeper, networks: [c]}
networks: {a: {}, b: {}, c: {}}
END
}

test_a_network_whose_rules_are_refused_runs_nothing_and_the_others_do() {
  three_networks
  compose build
  local output refused
  : >passings
  output=$(COMPOSE_FAULT_COUNT=passings COMPOSE_FAULT=net.firewall.before:1=errno:105 compose up -d 2>&1) && return 1
  refused=$(sed -n "s/^.*network 't_\(.\)': fault point.*No buffer space available$/\1/p" <<<"$output" | sort -u)
  matches "$refused" '^[abc]$'
  equal 2 "$(running)"
  case $refused in
    a) lacks "$(compose ps --services)" one ;;
    b) lacks "$(compose ps --services)" two ;;
    c) lacks "$(compose ps --services)" three ;;
  esac
  compose up -d
  equal 3 "$(running)"
  compose down -t 0
}

test_one_interrupt_of_a_whole_terminal_counts_once() {
  one_service '  other:
    image: test-busybox
    init: true
    depends_on: [web]'
  compose build
  local pid status
  COMPOSE_FAULT=net.network.firewall=sleep:1500 setsid "$COMPOSE_TEST_BIN/compose" up -d >output 2>&1 &
  pid=$!
  eventually 5 grep -q 'Network t_default Created' output
  kill -INT -"$pid"
  status=0
  wait "$pid" || status=$?
  equal 130 "$status"
  equal "$(printf 'other created\nweb running')" "$(compose ps -a --format '{{.Service}} {{.State}}' | sort)"  # what had begun ended
  compose up -d
  equal 2 "$(running)"
  compose down -t 0
}

test_a_start_that_was_got_ready_and_cannot_be_recorded_is_taken_back() {
  one_service '  other:
    image: test-busybox
    init: true
    depends_on: [web]'
  compose build
  local output status=0
  : >passings
  output=$(COMPOSE_FAULT_COUNT=passings COMPOSE_FAULT=start.record:2=errno:28 timeout 30 "$COMPOSE_TEST_BIN/compose" up -d 2>&1) || status=$?
  equal 1 "$status"
  matches "$output" 'No space left on device'
  equal "$(printf 'other created\nweb running')" "$(compose ps -a --format '{{.Service}} {{.State}}' | sort)"
  compose up -d
  equal 2 "$(running)"
  compose down -t 0
}

test_start_makes_what_a_killed_up_left_of_a_network() {
  local point
  one_service ''
  compose build
  for point in start.rows net.network.bridge net.network.names; do
    COMPOSE_FAULT=$point=kill "$COMPOSE_TEST_BIN/compose" up -d >/dev/null 2>&1 || true
    compose start
    equal 1 "$(running)"
    matches "$(nft list tables)" "compose"
    compose down -t 0
    lacks "$(nft list tables)" "compose"
  done
}

run_tests "$@"
