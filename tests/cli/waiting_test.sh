#!/bin/bash
# Commands that wait: how they are interrupted, and what happens to those behind them.
. "$(dirname "$0")/../support/cli.sh"

# PID 1 without a handler: a stop signal does nothing.
stubborn() {
  one_service "    network_mode: none
    stop_grace_period: ${1:-60s}
${2:-}"
  sed -i '0,/init: true/{//d}' compose.yaml
  compose build -q
}
# db never becomes healthy, and web waits for it.
waits_for_ever() {
  busybox_image
  cat >compose.yaml <<END
services:
  db:
    image: test-busybox
    build: ./image
    init: true
    network_mode: none
    healthcheck: {test: [CMD, "false"], interval: 1s, retries: 100000}
  web:
    image: test-busybox
    init: true
    network_mode: none
    depends_on: {db: {condition: ${1:-service_healthy}}}
END
  compose build -q
}
# begin FILE COMMAND...: in the background. FILE, for what it says, is empty at once: not only when the command comes to it.
begin() {
  : >"$1"
  "${@:2}" 2>"$1" &
}
up_waits() {  # in the background, as $up; what it says goes to up.out
  begin up.out compose up -d
  up=$!
  eventually 10 says up.out 'Container t-db-1 Waiting'
}
says() { grep -qF "$2" "$1"; }
web_ended() { equal exited "$(compose ps -a --format '{{.State}}' web)"; }
db_ended() { equal exited "$(compose ps -a --format '{{.State}}' db)"; }
is_stopping() { matches "$(compose --dry-run up -d)" '\(stopping\)'; }
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
    begin out compose down
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
  begin out compose stop
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

test_what_is_stopping_still_is_started_when_it_has_stopped() {
  stubborn 2s
  compose up -d
  local next before stop
  for next in 'up -d' start; do
    before=$(pid_of web)
    begin stop.out compose stop
    stop=$!
    eventually 10 says stop.out 'Container t-web-1 Stopping'
    eventually 10 is_stopping
    kill -INT $stop
    ends_with 130 $stop
    compose $next 2>out
    equal ' Container t-web-1 Stopping 
 Container t-web-1 Stopped 
 Container t-web-1 Starting 
 Container t-web-1 Started ' "$(cat out)"
    equal 1 "$(running)"
    fails equal "$before" "$(pid_of web)"
  done
  compose down -t 0
}

test_an_interrupted_restart_starts_nothing_and_the_next_one_does() {
  stubborn 60s '  db:
    image: test-busybox
    init: true
    network_mode: none
    command: sleep infinity'
  compose up -d
  begin out compose restart
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

test_an_interrupted_down_leaves_a_hook_to_itself() {
  stubborn 60s '    pre_stop: [{command: [sleep, "60"]}]'
  compose up -d
  begin out compose down
  local down=$!
  sleeps() { compose top web | grep -q 'sleep 60'; }
  eventually 10 sleeps
  kill -INT $down
  ends_with 130 $down
  equal 'interrupted: a hook goes on in container t-web-1; "compose down" goes on from there' "$(tail -n 1 out)"
  sleeps
  compose kill
  compose down
}

test_down_ends_an_up_that_waits() {
  waits_for_ever
  up_waits
  begin out compose down
  local down=$!
  ends_with 1 $up
  ends_with 0 $down
  equal " Container t-db-1 Creating 
 Container t-web-1 Creating 
 Container t-db-1 Created 
 Container t-web-1 Created 
 Container t-db-1 Starting 
 Container t-db-1 Started 
 Container t-db-1 Waiting 
interrupted by \"compose down\" (pid $down)" "$(cat up.out)"
  equal ' Container t-db-1 Removed 
 Container t-db-1 Removing 
 Container t-db-1 Stopped 
 Container t-db-1 Stopping 
 Container t-web-1 Removed 
 Container t-web-1 Removing ' "$(grep -v '^waiting for the end of' out | sort)"
}

test_down_ends_an_attached_up_that_waits() {
  waits_for_ever
  compose up >up.log 2>up.out &
  local up=$!
  eventually 10 says up.out 'Container t-db-1 Waiting'
  begin out compose down
  local down=$!
  ends_with 1 $up
  ends_with 0 $down
  equal "interrupted by \"compose down\" (pid $down)" "$(tail -n 1 up.out)"
  equal 0 "$(compose ps -a -q | wc -l)"
}

test_kill_goes_on_beside_a_stop_that_waits_for_its_grace() {
  stubborn
  compose up -d
  begin stop.out compose stop -t 60
  local stop=$!
  eventually 10 says stop.out 'Container t-web-1 Stopping'
  timeout 20 compose kill 2>out
  ends_with 0 $stop
  equal ' Container t-web-1 Stopping 
 Container t-web-1 Stopped ' "$(cat stop.out)"
  equal ' Container t-web-1 Killing 
 Container t-web-1 Killed ' "$(cat out)"
  equal 'exited 137' "$(compose ps -a --format '{{.State}} {{.ExitCode}}' web)"
  compose down
}

test_nobody_ends_for_what_is_not_under_its_hands() {
  waits_for_ever
  printf '  other: {image: test-busybox, init: true, network_mode: none}\n' >>compose.yaml
  compose up -d other
  up_waits
  local verb
  for verb in "kill nosuch" "stop nosuch" "rm -sf nosuch" "down nosuch"; do
    fails timeout 10 compose $verb 2>out
    equal 'no such service: nosuch' "$(cat out)"
  done
  timeout 10 compose stop -t 0 other
  equal "other exited" "$(compose ps -a --format '{{.Service}} {{.State}}' other)"
  timeout 1 compose rm -sf other 2>out || true
  equal "waiting for \"compose up\" (pid $up) on project \"t\"; Ctrl-C gives up" "$(cat out)"
  kill -0 $up
  begin out compose stop -t 0 db
  local stop=$!
  ends_with 1 $up
  ends_with 0 $stop
  equal "interrupted by \"compose stop\" (pid $stop)" "$(tail -n 1 up.out)"
  compose down -t 0
}

test_pause_and_unpause_go_on_beside_a_command_that_waits_for_others() {
  waits_for_ever
  printf '  other: {image: test-busybox, init: true, network_mode: none}\n' >>compose.yaml
  compose up -d other
  up_waits
  timeout 10 compose pause other 2>out
  equal ' Container t-other-1 Pausing 
 Container t-other-1 Paused ' "$(cat out)"
  timeout 10 compose unpause other
  equal "other running" "$(compose ps --format '{{.Service}} {{.State}}' other)"
  local waits
  for waits in 'pause db' 'pause other db' pause unpause; do
    fails timeout 1 compose $waits 2>out
    equal "waiting for \"compose up\" (pid $up) on project \"t\"; Ctrl-C gives up" "$(cat out)"
  done
  fails timeout 10 compose pause nosuch 2>out
  equal 'no such service: nosuch' "$(cat out)"
  kill -0 $up
  compose down -t 0
  ends_with 1 $up
}

test_a_second_down_with_less_time_ends_the_first() {
  stubborn
  compose up -d
  begin first.out compose down -t 60
  local first=$!
  eventually 10 says first.out 'Container t-web-1 Stopping'
  begin out compose down -t 0
  local second=$!
  ends_with 1 $first
  ends_with 0 $second
  equal " Container t-web-1 Stopping 
interrupted by \"compose down\" (pid $second)" "$(cat first.out)"
  equal ' Container t-web-1 Stopping 
 Container t-web-1 Stopped 
 Container t-web-1 Removing 
 Container t-web-1 Removed ' "$(grep -v '^waiting for the end of' out)"
}

test_up_waits_for_a_stop_and_says_so_and_a_signal_gives_up() {
  stubborn
  compose up -d
  begin stop.out compose stop
  local stop=$! first second
  eventually 10 says stop.out 'Container t-web-1 Stopping'
  begin first.out compose up -d
  first=$!
  begin second.out compose up -d
  second=$!
  local waiting="waiting for \"compose stop\" (pid $stop) on project \"t\"; Ctrl-C gives up"
  eventually 10 says first.out "$waiting"
  eventually 10 says second.out "$waiting"
  kill -TERM $first
  ends_with 143 $first
  equal "$waiting" "$(cat first.out)"
  kill -9 "$(pid_of web)"
  ends_with 0 $stop
  ends_with 0 $second
  equal ' Container t-web-1 Stopping 
 Container t-web-1 Stopped ' "$(cat stop.out)"
  equal "$waiting
 Container t-web-1 Starting 
 Container t-web-1 Started " "$(cat second.out)"
  compose down -t 0
}

test_what_only_looks_or_signals_is_never_blocked() {
  waits_for_ever
  up_waits
  equal "db running starting" "$(timeout 10 compose ps --format '{{.Service}} {{.State}} {{.Health}}' db)"
  equal "" "$(timeout 10 compose logs)"
  equal here "$(timeout 10 compose exec -T db echo here)"
  matches "$(timeout 10 compose top db)" "sleep infinity"
  timeout 10 compose kill -s CONT db 2>out
  equal ' Container t-db-1 Killing 
 Container t-db-1 Killed ' "$(cat out)"
  matches "$(timeout 10 compose --dry-run down 2>&1)" 'DRY-RUN MODE - remove container t-db-1 \(down\)'
  equal '' "$(timeout 10 compose rm 2>&1 </dev/null | grep -v 'Going to remove t-web-1 \[y/N\]' | grep .)"
  kill -0 $up
  compose down -t 0
  ends_with 1 $up
}

test_who_waits_goes_on_when_the_holder_is_killed() {
  waits_for_ever
  up_waits
  begin out compose restart -t 0 db
  local restart=$!
  eventually 10 says out "waiting for \"compose up\" (pid $up) on project \"t\"; Ctrl-C gives up"
  kill -9 $up
  ends_with 137 $up
  ends_with 0 $restart
  equal "waiting for \"compose up\" (pid $up) on project \"t\"; Ctrl-C gives up
 Container t-db-1 Restarting 
 Container t-db-1 Started " "$(cat out)"
  compose down -t 0
}

test_what_a_killed_holder_leaves_keeps_nobody_waiting_and_goes_with_the_next_command() {
  waits_for_ever
  local next
  for next in 'stop -t 0' 'up -d --no-deps db' 'down -t 0'; do
    up_waits
    kill -9 $up
    ends_with 137 $up
    test -S "$COMPOSE_RUN_ROOT/locks/t.holder"
    equal t "$(compose ls -a -q)"
    timeout 20 compose $next 2>out
    lacks "$(cat out)" waiting
    [[ ! -e $COMPOSE_RUN_ROOT/locks/t.holder ]]
  done
  equal '' "$(ls "$COMPOSE_RUN_ROOT/locks")"
}

test_a_stopped_holder_is_named_and_waited_for() {
  waits_for_ever
  up_waits
  local down how
  for how in CONT 9; do
    kill -STOP $up
    begin out compose down -t 0
    down=$!
    eventually 10 says out "kill -CONT $up"
    kill -$how $up
    ends_with $([[ $how == 9 ]] && echo 137 || echo 1) $up
    ends_with 0 $down
    equal "waiting for the end of \"compose up\" (pid $up) on project \"t\"; Ctrl-C gives up
\"compose up\" (pid $up) is stopped by a signal, and goes on when it is told to: kill -CONT $up; Ctrl-C gives up" \
      "$(head -n 2 out)"
    equal 0 "$(compose ps -a -q | wc -l)"
    [[ $how == 9 ]] || up_waits
  done
}

test_who_asked_for_the_end_and_was_killed_wants_nothing() {
  waits_for_ever
  up_waits
  kill -STOP $up
  begin out compose down -t 0
  local down=$!
  eventually 10 says out "waiting for the end of \"compose up\" (pid $up)"
  kill -9 $down
  ends_with 137 $down
  kill -CONT $up
  sleep 0.5
  kill -0 $up
  compose down -t 0
  ends_with 1 $up
}

test_watching_holds_up_nobody() {
  waits_for_ever service_started
  local first
  begin first.out compose up -d --wait
  first=$!
  eventually 10 says first.out 'Container t-web-1 Healthy'
  timeout 10 compose up -d --scale web=2 2>out
  equal 3 "$(running)"
  lacks "$(cat out)" waiting
  timeout 10 compose up -d --wait --wait-timeout 1 2>out && return 1
  equal 'application not healthy after 1s: container t-db-1 is starting' "$(tail -n 1 out)"
  kill -0 $first
  compose stop -t 0 db
  ends_with 1 $first
  matches "$(tail -n 1 first.out)" '^container t-db-1 exited \([0-9]+\)$'
  begin out compose start --wait
  local start=$!
  eventually 10 says out 'Container t-db-1 Waiting'
  timeout 10 compose restart -t 0 web
  compose down -t 0
  ends_with 1 $start
}

test_a_question_is_asked_of_nobody_who_is_gone() {
  waits_for_ever
  up_waits
  mkfifo answer
  compose rm -s <answer 2>out &
  local rm=$!
  exec 3>answer
  eventually 10 says out 'Going to remove'
  kill -0 $up
  echo y >&3
  exec 3>&-
  ends_with 1 $up
  ends_with 0 $rm
  equal "interrupted by \"compose rm\" (pid $rm)" "$(tail -n 1 up.out)"
  equal '' "$(compose ps -a --format '{{.Name}}')"
  compose down -t 0
}

test_an_attached_up_that_is_to_stop_waits_for_another_command_and_hears_signals() {
  stubborn
  compose up >up.log 2>up.out &
  local up=$! stop
  one_runs() { equal 1 "$(running)"; }
  eventually 10 one_runs
  eventually 10 says up.log 'Attaching to web-1'
  begin stop.out compose stop
  stop=$!
  eventually 10 says stop.out 'Container t-web-1 Stopping'
  kill -INT $up
  eventually 10 says up.out "waiting for \"compose stop\" (pid $stop) on project \"t\""
  kill -INT $up
  ends_with 0 $stop
  ends_with 130 $up
  equal "Gracefully Stopping... press Ctrl+C again to force
waiting for \"compose stop\" (pid $stop) on project \"t\"" "$(tail -n 2 up.out)"
  compose down -t 0
}

run_tests "$@"
