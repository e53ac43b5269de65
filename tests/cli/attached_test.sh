#!/bin/bash
# What a terminal that follows a project sees while other commands change it: foreground `up` and `logs -f`.
. "$(dirname "$0")/../support/cli.sh"

talking() {  # talking [LINES]: a service that says who it is and goes on running
  one_service "${1:-}"
  sed -i "s/command: .*/command: sh -c 'echo began; sleep infinity'/" compose.yaml
  compose build
}

# following WHAT COMMAND...: runs it in the background, its output in the file WHAT; until its first line is there.
following() {
  local file=$1
  shift
  "$@" >"$file" 2>&1 &
  follower=$!
  eventually 20 grep -q began "$file"
}
says() { equal "$1" "$(grep -c -e "$2" "$3")"; }  # says TIMES WORDS FILE
follows() { kill -0 "$follower" 2>/dev/null; }
ended() { ! follows; }

# Whatever another terminal does to the only container, the one that follows goes on, until it is stopped for good.
outlives_changes() {
  eventually 20 says 1 'web-1 *| began' "$1"
  compose restart -t 0 web
  eventually 20 says 2 'web-1 *| began' "$1"
  compose up -d --force-recreate -t 0
  eventually 20 says 3 'web-1 *| began' "$1"
  says 1 'web-1 has been recreated' "$1"
  compose up -d --scale web=2
  eventually 20 says 1 'web-2 *| began' "$1"
  compose stop -t 0 web
  eventually 20 ended
  wait "$follower"
  says 1 'web-2 exited with code 137' "$1"
  compose down -t 0
}

test_logs_f_goes_on_through_restart_recreation_and_scaling() {
  talking
  compose up -d
  following seen compose logs -f
  outlives_changes seen
}

test_an_attached_up_goes_on_through_restart_recreation_and_scaling() {
  talking
  following seen compose up
  outlives_changes seen
}

test_a_restart_elsewhere_is_no_end_that_aborts() {
  talking
  following seen compose up --abort-on-container-exit
  compose restart -t 0 web
  eventually 20 says 2 'web-1 *| began' seen
  follows
  lacks "$(cat seen)" Aborting
  compose exec -T web kill -KILL -1
  eventually 20 ended
  local code=0
  wait "$follower" || code=$?
  equal 137 "$code"
  says 1 'Aborting on container exit' seen
  compose down -t 0
}

test_a_killed_command_is_not_waited_for() {
  talking
  sed -i "s/echo began;/trap true TERM; &/; s/sleep infinity/while :; do sleep 0.1; done/" compose.yaml
  compose up -d
  following seen compose logs -f
  compose stop -t 60 web &
  local stopping=$!
  eventually 20 grep -q 'compose stop' "$COMPOSE_RUN_ROOT/locks/t"
  kill -KILL "$stopping"
  wait "$stopping" 2>/dev/null || true
  compose kill web
  eventually 20 ended
  compose down -t 0
}

counting() {  # counting EXTRA: a service that counts to 100000
  one_service "$1"
  sed -i 's/command: .*/command: seq 100000/' compose.yaml
  compose build
}
counted() { equal "$(seq 100000 | md5sum)" "$(grep '^[0-9]*$' "$1" | md5sum)"; }

test_an_attached_up_shows_each_line_once_however_fast_the_log_rotates() {
  local files
  for files in 1 3; do
    counting "    logging: {options: {max-size: 4k, max-file: '$files'}}"
    compose up --no-log-prefix >seen
    counted seen
    says 1 'web-1 exited with code 0' seen
    compose down -t 0
  done
}

test_logs_f_shows_each_line_once_however_fast_the_log_rotates() {
  local files
  for files in 1 3; do
    waiting_to_count "{options: {max-size: 4k, max-file: '$files'}}"
    compose up -d
    following out compose logs -f --no-log-prefix
    touch seen/go
    eventually 20 ended
    counted out
    compose down -t 0
  done
}

test_logs_f_goes_on_just_behind_the_past() {
  local i tail
  one_service '    logging: {options: {max-size: 20m}}'
  sed -i 's/command: .*/command: seq 200000/' compose.yaml
  compose build
  for i in $(rounds 4); do
    for tail in all 5; do
      compose up -d
      compose logs -f --no-log-prefix --tail $tail | grep -v exited >seen
      [[ $tail == 5 ]] || equal 1 "$(head -n 1 seen)"
      equal "$(seq "$(head -n 1 seen)" 200000 | md5sum)" "$(md5sum <seen)"
      compose down -t 0
    done
  done
}

test_logs_f_shows_nothing_of_what_has_no_log() {
  waiting_to_count '{driver: none}'
  compose up -d
  compose logs -f >out &
  follower=$!
  sleep 0.3  # it asks supervisors meanwhile
  touch seen/go
  eventually 20 ended
  equal "web-1 exited with code 0" "$(cat out)"
  compose down -t 0
}

test_an_attached_up_shows_what_has_no_log() {
  counting '    logging: {driver: none}'
  compose up --no-log-prefix >seen
  counted seen
  equal "" "$(compose logs)"
  compose down -t 0
}

waiting_to_count() {  # waiting_to_count LOGGING: a service that counts to 100000 as soon as seen/go is there
  one_service "    volumes: ['./seen:/seen']
    logging: $1"
  sed -i "s|command: .*|command: sh -c 'echo began; until test -e /seen/go; do sleep 0.02; done; seq 100000'|" compose.yaml
  mkdir -p seen
  rm -f seen/go
  compose build
}

# standing_still LOGGING: `up` is stopped while its container writes, and goes on when that has ended.
standing_still() {
  waiting_to_count "$1"
  following out compose up --no-log-prefix
  kill -STOP "$follower"
  touch seen/go
  has_ended() { equal exited "$(compose ps -a --format '{{.State}}' web)"; }
  eventually 20 has_ended
  kill -CONT "$follower"
  eventually 20 ended
  wait "$follower"
}

test_a_stopped_up_keeps_no_container_waiting_and_finds_in_the_log_what_it_missed() {
  standing_still '{options: {max-size: 20m}}'
  counted out
  lacks "$(cat out)" 'not shown'
  compose down -t 0
}

test_a_stopped_up_says_how_many_lines_it_missed_for_ever() {
  local missed
  standing_still '{driver: none}'
  missed=$(sed -n 's/^\.\.\. \([0-9]*\) lines were not shown$/\1/p' out)
  equal 100000 "$((missed + $(grep -c '^[0-9]*$' out)))"
  compose down -t 0
}

typing() {
  command -v python3 >/dev/null || skip_test "the terminal is a program of python3"
  "$source_root/tests/support/typing_terminal.py" "$@" | tr -d '\r'
}

test_d_leaves_the_containers_of_an_attached_up_running() {
  local shown
  talking
  shown=$(typing $'began\nd Detach' d compose up)
  matches "$shown" '\| .*began'
  equal "exit 0 echo" "$(tail -n 1 <<<"$shown")"
  equal 1 "$(running)"
  shown=$(typing 'd Detach' $'x\x03' compose up)
  matches "$shown" 'Gracefully Stopping'
  equal "exit 130 echo" "$(tail -n 1 <<<"$shown")"
  equal 0 "$(running)"
  compose down -t 0
}

test_without_the_menu_no_key_means_anything() {
  local shown how
  talking
  for how in 'env COMPOSE_MENU=false compose up' 'compose up --menu=false'; do
    shown=$(typing began $'d\x03' $how)
    lacks "$shown" Detach
    equal "exit 130 echo" "$(tail -n 1 <<<"$shown")"
  done
  compose down -t 0
}

ticking() {  # ticking [EXTRA]: a service that goes on writing, repeats what is typed, and hears signals
  one_service "${1:-}"
  sed -i '/init:/d; s|command: .*|command: sh /script/run|' compose.yaml
  printf '    volumes: ["./script:/script:ro"]\n' >>compose.yaml
  mkdir -p script
  cat >script/run <<'END'
trap 'echo bad >&2' USR1
trap 'echo bye; exit 7' INT
test ! -t 0 || { while read -r line; do echo "got=$line"; done </dev/tty & }
while :; do echo tick; sleep 0.05; done
END
  compose build
  compose up -d
}

test_attach_shows_what_comes_passes_signals_on_and_ends_with_the_container() {
  ticking
  local code=0
  compose attach web >out 2>err &
  follower=$!
  eventually 20 grep -q tick out
  kill -USR1 "$follower"
  eventually 20 grep -qx bad err
  kill -INT "$follower"
  wait "$follower" || code=$?
  equal 7 "$code"
  equal bye "$(tail -n 1 out)"
  equal 'service "web" is not running' "$(compose attach web 2>&1)"
  compose down -t 0
}

test_attach_without_sig_proxy_leaves_the_container_alone() {
  ticking
  local code=0
  compose attach --sig-proxy=false --no-stdin web >out &
  follower=$!
  eventually 20 grep -q tick out
  kill -TERM "$follower"
  wait "$follower" || code=$?
  equal 143 "$code"
  equal 1 "$(running)"
  compose pause
  equal 'container t-web-1 is paused' "$(compose attach web 2>&1)"
  equal 'invalid detach keys "nope": "nope" is neither a character nor ctrl- and a letter' \
    "$(compose attach --detach-keys nope web 2>&1)"
  compose down -t 0
}

test_attach_types_into_a_terminal_until_its_keys_leave_it() {
  ticking $'    tty: true\n    stdin_open: true'
  equal 'container t-web-1 has a terminal, and the input is none; --no-stdin attaches the output alone' \
    "$(compose attach web 2>&1 </dev/null)"
  equal "exit 0 echo" "$(typing tick $'one\r\x10\x11' compose attach web | tail -n 1)"
  equal "exit 0 echo" "$(typing tick $'two\r\x18' compose attach --detach-keys ctrl-x web | tail -n 1)"
  equal 1 "$(running)"
  said() { equal "got=one got=two" "$(compose logs --no-log-prefix | tr -d '\r' | grep ^got= | xargs)"; }
  eventually 20 said
  equal "exit 7 echo" "$(typing tick $'\x03' compose attach web | tail -n 1)"
  compose down -t 0
}

test_attach_types_into_an_open_input() {
  one_service '    stdin_open: true'
  sed -i "s|command: .*|command: sh -c 'read -r line; echo \"got=\$\$line\"; exit 3'|" compose.yaml
  compose build
  compose up -d
  equal got=words "$(echo words | compose attach web || echo "$?" >code)"
  equal 3 "$(cat code)"
  compose down -t 0
}

# What the second interrupt kills is not awaited; nothing of it may be left when the command takes itself apart.
test_two_interrupts_at_any_moment_of_the_start_end_in_130() {
  one_service '  other:
    image: test-busybox
    init: true
    deploy: {replicas: 4}
    depends_on: [web]'
  compose build
  local delay up status
  for delay in 0 0.002 0.005 0.008 0.011 0.015 0.02 0.025 0.03 0.05; do
    : >output
    compose up >output 2>&1 &
    up=$!
    eventually 10 grep -q Attaching output
    sleep "$delay"
    kill -INT $up
    sleep 0.006
    kill -INT $up 2>/dev/null || true
    status=0
    wait $up || status=$?
    equal 130 "$status"
    compose down -t 0
  done
}

run_tests "$@"
