#!/bin/bash
# Commands that wait: how they are interrupted, and what happens to those behind them.
. "$(dirname "$0")/../support/cli.sh"

# PID 1 without a handler: a stop signal does nothing.
stubborn() {
  busybox_image
  cat >compose.yaml <<END
services:
  web:
    image: test-busybox
    build: ./image
    command: sleep infinity
    network_mode: none
    stop_grace_period: ${1:-60s}
${2:-}
END
  compose build -q
}
says() { grep -qF "$2" "$1"; }
web_ended() { equal exited "$(compose ps -a --format '{{.State}}' web)"; }
db_ended() { equal exited "$(compose ps -a --format '{{.State}}' db)"; }
# ends_with STATUS PID
ends_with() {
  local status=0
  wait "$2" || status=$?
  equal "$1" $status
}

test_an_interrupted_down_says_what_goes_on_and_the_next_one_goes_on_from_there() {
  local signal
  stubborn
  for signal in INT TERM; do
    compose up -d
    compose down 2>out &
    local down=$!
    eventually 10 says out 'Container t-web-1 Stopping'
    kill -$signal $down
    ends_with "$((128 + $(kill -l $signal)))" $down
    equal ' Container t-web-1 Stopping 
interrupted: container t-web-1 is still stopping, and is killed when its time is over; "compose down" goes on from there' "$(cat out)"
    equal running "$(compose ps --format '{{.State}}' web)"
    compose down -t 0 2>out
    equal ' Container t-web-1 Stopping 
 Container t-web-1 Stopped 
 Container t-web-1 Removing 
 Container t-web-1 Removed ' "$(cat out)"
  done
}

test_what_an_interrupted_stop_left_ends_in_its_time_alone() {
  stubborn 2s '    restart: always
  db:
    image: test-busybox
    init: true
    network_mode: none
    command: sleep infinity'
  compose up -d
  compose stop 2>out &
  local stop=$!
  eventually 10 db_ended
  kill -INT $stop
  ends_with 130 $stop
  equal 'interrupted: container t-web-1 is still stopping, and is killed when its time is over; "compose stop" goes on from there' \
    "$(tail -n 1 out)"
  eventually 10 web_ended
  equal 137 "$(compose ps -a --format '{{.ExitCode}}' web)"
  compose up -d
  equal 2 "$(running)"
  compose down -t 0
}

test_an_interrupted_restart_starts_nothing_and_the_next_one_does() {
  stubborn 60s '  db:
    image: test-busybox
    init: true
    network_mode: none
    command: sleep infinity'
  compose up -d
  compose restart 2>out &
  local restart=$!
  eventually 10 db_ended
  kill -INT $restart
  ends_with 130 $restart
  equal 'interrupted: container t-web-1 is still stopping, and is killed when its time is over; container t-db-1 is not started again; "compose restart" goes on from there' \
    "$(tail -n 1 out)"
  compose restart -t 0 2>/dev/null
  equal 2 "$(running)"
  compose down -t 0
}

run_tests "$@"
