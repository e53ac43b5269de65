#!/bin/bash
# up, scale, down and what lies between; killed and interrupted too.
. "$(dirname "$0")/../support/cli.sh"

one_runs() { equal 1 "$(running)"; }
two_run() { equal 2 "$(running)"; }

test_up_twice_does_nothing_the_second_time() {
  one_service
  compose up -d
  local first second
  first=$(compose ps -q)
  second=$(compose up -d 2>&1)
  lacks "$second" 'Creat|Start(ed|ing)|Recreat'
  equal "$first" "$(compose ps -q)"
  compose down -t 0
}

test_a_changed_environment_recreates_only_that_service() {
  one_service '    environment: {A: "1"}
  other:
    image: test-busybox
    init: true'
  compose build
  compose up -d
  local web other
  web=$(compose ps -q web) other=$(compose ps -q other)
  sed -i 's/A: "1"/A: "2"/' compose.yaml
  compose up -d -t 0
  equal "$other" "$(compose ps -q other)"
  lacks "$(compose ps -q web)" "^$web$"
  equal 2 "$(compose exec -T web sh -c 'echo $A')"
  compose down -t 0
}

test_what_waits_for_a_failed_start_was_only_created() {
  one_service '  first:
    image: test-busybox
    command: /nope
  second:
    image: test-busybox
    init: true
    depends_on: [first]
  third:  # which cannot be got ready either
    image: test-busybox
    init: true
    sysctls: {kernel.shm_rmid_forced: "abc"}
    depends_on: [first]'
  compose build
  fails compose up -d first second third
  equal created "$(compose ps -a --format '{{.State}}' second)"
  equal created "$(compose ps -a --format '{{.State}}' third)"
  equal "" "$(compose logs second)"
  sed -i 's/"abc"/"0"/' compose.yaml
  sed -i 's,/nope,sleep infinity,' compose.yaml
  compose up -d -t 0
  equal 4 "$(running)"
  compose down -t 0
}

test_a_restart_at_once_always_runs_again() {
  one_service
  compose build
  compose up -d
  local i
  for i in $(seq 20); do
    compose restart -t 0
    equal 1 "$(running)"
    compose exec -T web true
  done
  compose down -t 0
}

test_a_container_killed_by_its_stop_signal_stays_down_and_another_signal_leaves_the_restart_policy_alone() {
  one_service '    stop_signal: QUIT
    restart: unless-stopped'
  compose build
  local signal
  web_is() { equal "$1" "$(compose ps -a --format '{{.State}}' web)"; }
  runs_anew() { [[ $(running) == 1 && $(pid_of web) != "$before" ]]; }
  for signal in QUIT KILL; do
    compose up -d
    compose kill -s $signal
    eventually 10 web_is exited
    sleep 0.3  # longer than the first restart takes
    web_is exited
  done
  compose up -d
  local before
  before=$(pid_of web)
  compose kill -s TERM
  eventually 10 runs_anew
  compose down -t 0
}

test_exec_on_a_slow_terminal_loses_nothing_and_leaves_it_blocking() {
  command -v python3 >/dev/null || skip_test "the slow terminal is a program of python3"
  one_service
  compose build
  compose up -d
  equal "100000 0 blocking" "$("$source_root/tests/support/slow_terminal.py" compose exec web seq 1 100000)"
  compose down -t 0
}

test_down_rmi_takes_images_that_nothing_was_made_from() {
  one_service
  compose build
  equal 1 "$(compose image ls -q | wc -l)"
  compose down --rmi all
  equal 0 "$(compose image ls -q | wc -l)"
}

test_prune_asks_and_the_end_of_its_input_is_no() {
  one_service
  compose build
  compose image prune -a </dev/null
  echo n | compose image prune -a
  equal 1 "$(compose image ls -q | wc -l)"
  echo y | compose image prune -a
  equal 0 "$(compose image ls -q | wc -l)"
}

# Whoever starts us, and whatever we ignore ourselves.
test_programs_begin_with_default_signals() {
  one_service
  printf 'FROM test-busybox\nRUN ["cp", "/proc/self/status", "/status"]\n' >Dockerfile
  printf '  built: {image: test-built, build: ., network_mode: none}\n' >>compose.yaml
  compose build web
  compose build built
  local none='SigBlk: 0000000000000000 SigIgn: 0000000000000000'
  (trap '' INT HUP PIPE && compose up -d web)
  equal "$none" "$(compose exec -T web grep -E 'Sig(Ign|Blk)' /proc/self/status | xargs)"
  equal "$none" "$(compose run --rm -T web grep -E 'Sig(Ign|Blk)' /proc/self/status | xargs)"
  equal "$none" "$(compose exec -T web grep -hE 'Sig(Ign|Blk)' /proc/"$(compose exec -T web pidof sleep)"/status | xargs)"
  equal "$none" "$(compose run --rm -T built grep -E 'Sig(Ign|Blk)' /status | xargs)"
  equal "y" "$(compose exec -T web sh -c 'yes | head -1' 2>&1)"
  equal "caught" "$(compose exec -T web sh -c 'trap "echo caught; exit" INT; kill -INT $$; sleep 5')"
  compose down -t 0
}

test_a_signal_to_run_goes_to_the_container() {
  one_service
  compose build
  local status
  compose run --rm -T web sh -c 'trap "echo got-it; exit 3" TERM; echo ready; while :; do sleep 0.1; done' </dev/null >out &
  local run=$!
  until grep -q ready out; do sleep 0.05; done
  kill -TERM $run
  wait $run && status=0 || status=$?
  equal "3 ready got-it" "$status $(xargs <out)"
  compose down -t 0
}

test_a_run_that_is_told_to_end_takes_its_container_away() {
  one_service '    stop_grace_period: 1s'
  compose build
  local signal run status
  for signal in TERM HUP; do
    rm -f out
    compose run --rm -T web sh -c 'trap "" TERM HUP; echo ready; while :; do sleep 0.1; done' </dev/null >out &
    run=$!
    until grep -q ready out; do sleep 0.05; done
    kill -$signal $run
    wait $run && status=0 || status=$?
    equal "137 0" "$status $(compose ps -a -q | wc -l)"
  done
  compose down -t 0
}

test_a_changed_subnet_moves_those_who_are_there() {
  busybox_image
  cat >compose.yaml <<'YAML'
services:
  web: {image: test-busybox, build: ./image, command: sleep infinity, init: true, networks: [n]}
networks: {n: {ipam: {config: [{subnet: 10.99.0.0/24}]}}}
YAML
  compose build
  compose up -d -t 0
  sed -i s/10.99/10.98/g compose.yaml
  compose up -d -t 0
  matches "$(compose exec -T web hostname -i)" '^10\.98\.0\.'
  compose down -t 0
}

test_a_fixed_address_is_not_given_to_a_neighbour_made_at_the_same_time() {
  busybox_image
  cat >compose.yaml <<'YAML'
services:
  any: {image: test-busybox, build: ./image, command: sleep infinity, init: true, networks: [n]}
  fixed: {image: test-busybox, command: sleep infinity, init: true, networks: {n: {ipv4_address: 10.99.0.2}}}
networks: {n: {ipam: {config: [{subnet: 10.99.0.0/24}]}}}
YAML
  compose build
  compose up -d
  equal 10.99.0.2 "$(compose exec -T fixed hostname -i)"
  compose down -t 0
}

test_start_without_containers_is_an_error() {
  one_service
  local output
  if output=$(compose start 2>&1); then return 1; fi
  matches "$output" 'service "web" has no container to start'
}

test_scale_down_removes_the_highest_numbers_and_scale_n_twice_is_nothing() {
  one_service
  compose up -d --scale web=6
  compose scale web=2
  equal "t-web-1 t-web-2" "$(compose ps --format '{{.Name}}' | sort | xargs)"
  local before
  before=$(compose ps -q | sort)
  compose scale web=2
  equal "$before" "$(compose ps -q | sort)"
  compose scale web=0
  equal 0 "$(compose ps -a -q | wc -l)"
  compose down -t 0
}

test_exec_and_run_pass_the_exit_status_on() {
  one_service
  compose up -d
  local status=0
  compose exec -T web sh -c 'exit 37' || status=$?
  equal 37 $status
  status=0
  compose exec -T web /no/such/program || status=$?
  equal 127 $status
  status=0
  compose run --rm -T web sh -c 'exit 5' || status=$?
  equal 5 $status
  compose down -t 0
}

test_exec_relays_files_and_hands_over_none() {
  one_service
  compose up -d
  # What a container has open it could open again: it sees pipes, and its own /dev/null.
  compose exec -T web sh -c 'readlink /proc/self/fd/1; readlink /proc/self/fd/2 >&2' >out 2>err
  matches "$(cat out)" '^pipe:'
  matches "$(cat err)" '^pipe:'
  compose exec -T web sh -c 'readlink /proc/self/fd/0' </dev/null >out
  equal /dev/null "$(cat out)"
  mkfifo fifo
  cat fifo >through &
  compose exec -T web sh -c 'chmod 777 /proc/self/fd/1; echo named' >fifo
  wait $!
  equal named "$(cat through)"
  equal 644 "$(stat -c %a fifo)"
  head -c 3000000 /dev/urandom >in
  compose exec -T web cat <in >out
  cmp in out
  compose exec -T web cat <in | cmp in -
  compose exec -T web sh -c 'for i in 1 2 3; do echo o$i; echo e$i >&2; done' >out 2>&1
  equal 'o1 e1 o2 e2 o3 e3' "$(tr '\n' ' ' <out | sed 's/ $//')"
  compose exec -d web touch /tmp/detached
  eventually 5 compose exec -T web test -f /tmp/detached
  compose down -t 0
}

test_many_runs_at_once_all_happen() {
  one_service
  compose build
  local i
  for i in $(seq 16); do compose run --rm -T web sh -c "echo line-$i" >"out-$i" 2>"err-$i" & done
  wait
  equal 16 "$(cat out-* | grep -c '^line-')"
  compose down -t 0
}

test_a_killed_up_is_repaired_by_the_next() {
  one_service '    ports: ["8044:80"]
    command: sh -c "echo here | nc -l -p 80; sleep infinity"'
  sed -i '/command: sleep infinity/d' compose.yaml
  compose build
  local i
  for i in $(rounds 12); do
    compose up -d >/dev/null 2>&1 &
    local up=$!
    sleep "0.0$((RANDOM % 40 + 10))"
    kill -9 $up 2>/dev/null || true
    wait $up 2>/dev/null || true
    compose up -d
    equal 1 "$(running)"
    compose down -t 0
  done
}

test_what_a_killed_down_left_is_taken_by_the_next() {
  one_service '    volumes: [/scratch]'
  compose build
  local i
  for i in $(rounds 8); do
    compose up -d --scale web=4 >/dev/null 2>&1
    compose down -v -t 0 >/dev/null 2>&1 &
    local down=$!
    sleep "0.0$((RANDOM % 60 + 10))"
    kill -9 $down 2>/dev/null || true
    wait $down 2>/dev/null || true
    compose down -v -t 0
    equal '' "$(ls "$COMPOSE_DATA_ROOT/containers" "$COMPOSE_DATA_ROOT/volumes" | grep -v ':$' | grep .)"
  done
}

test_another_command_can_change_a_project_that_up_watches() {
  one_service
  compose build
  compose up >log 2>&1 &
  local up=$!
  eventually 10 one_runs
  timeout 10 compose up -d --scale web=2
  equal 2 "$(running)"
  timeout 10 compose down -t 0
  wait $up
}

test_an_interrupted_up_leaves_nothing_that_down_does_not_take() {
  one_service
  compose build
  local i status
  for i in $(rounds 12); do
    compose up -d --scale web=20 >/dev/null 2>&1 &
    local up=$!
    sleep "0.0$((RANDOM % 80 + 10))"
    kill -INT $up 2>/dev/null || true
    status=0
    wait $up 2>/dev/null || status=$?
    matches "$status" '^(0|130)$'
    compose down -t 0
    equal 0 "$(compose ps -a -q | wc -l)"
  done
}

test_a_killed_shim_ends_its_container_alone_and_up_repairs_it() {
  one_service
  compose up -d --scale web=3
  local victim
  victim=$(awk '/^PPid:/ { print $2 }' "/proc/$(pid_of web 2)/status")
  local others
  others="$(pid_of web 1) $(pid_of web 3)"
  kill -9 "$victim"
  while [[ -d /proc/$victim ]]; do sleep 0.01; done
  two_run
  equal 't-web-2 exited 137' "$(compose ps -a --format '{{.Name}} {{.State}} {{.ExitCode}}' | grep -v running)"
  kill -0 $others
  compose exec -T --index 3 web true
  compose up -d --scale web=3
  equal 3 "$(running)"
  equal "$others" "$(pid_of web 1) $(pid_of web 3)"
  compose down -t 0
}

test_up_and_down_with_five_networks_again_and_again() {
  busybox_image
  cat >compose.yaml <<'END'
services:
  web:
    image: test-busybox
    build: ./image
    init: true
    networks: [a, b, c, d, e]
networks: {a: , b: , c: , d: , e: }
END
  take_census before
  local i
  for i in $(rounds 15); do
    compose up -d
    equal 1 "$(running)"
    compose down -t 0
  done
  eventually 2 nothing_left before
  rm before before.after
}

test_two_projects_on_one_shared_network_never_wait_for_ever() {
  mkdir -p a b
  busybox_image a/image
  busybox_image b/image
  cat >compose.yaml <<'END'
services: {}
networks:
  shared:
    name: shared
END
  cat >a/compose.yaml <<'END'
services:
  one:
    image: test-busybox
    build: ./image
    init: true
    networks: [shared]
networks:
  shared:
    name: shared
    external: true
END
  cp a/compose.yaml b/compose.yaml
  sed -i 's/one:/two:/' b/compose.yaml
  mkdir owner
  sed 's/    external: true//; s/one:/owner:/' a/compose.yaml >owner/compose.yaml
  cp -r a/image owner/
  (cd owner && compose up -d)
  (cd a && compose build) && (cd b && compose build)
  local i
  for i in $(rounds 8); do
    (cd a && timeout 20 compose up -d && timeout 20 compose down -t 0) &
    local first=$!
    (cd b && timeout 20 compose up -d && timeout 20 compose down -t 0) &
    wait $! $first
    wait $first
  done
  equal 1 "$(cd owner && running)"
  (cd owner && compose down -t 0)
}

test_two_ups_of_one_project_end_as_one() {
  one_service
  compose build
  local i
  for i in 1 2 3 4; do compose up -d --scale web=4 >"out-$i" 2>&1 & done
  wait
  equal 4 "$(running)"
  equal 4 "$(compose ps -a -q | wc -l)"
  compose down -t 0
}

test_volumes_outlive_down_and_go_with_v() {
  one_service '    volumes: ["data:/data"]
volumes:
  data:'
  compose up -d
  compose exec -T web sh -c 'echo kept >/data/file'
  compose down -t 0
  compose up -d
  equal kept "$(compose exec -T web cat /data/file)"
  compose down -t 0 -v
}

test_volumes_lists_those_of_the_project_and_of_services() {
  one_service '    volumes: ["data:/data", /anonymous, "shared:/shared"]
  db:
    image: test-busybox
    volumes: ["store:/data"]
volumes:
  data: {labels: {team: shop}}
  store: {name: the-store}
  shared: {external: true, name: theirs}'
  equal "DRIVER    VOLUME NAME" "$(compose volumes)"
  sed -i 's/, "shared:.shared"//; /shared:/d' compose.yaml
  compose build
  compose up -d
  equal $'DRIVER VOLUME NAME\nlocal t_data\nlocal the-store' "$(compose volumes | tr -s ' ')"
  equal t_data "$(compose volumes -q web)"
  equal the-store "$(compose volumes -q db)"
  equal shop "$(compose volumes --format '{{.Label "team"}}' web)"
  matches "$(compose volumes --format json web)" "\"Mountpoint\":\"$COMPOSE_DATA_ROOT/volumes/t_data/_data\",\"Name\":\"t_data\""
  equal 'no such service: nope' "$(compose volumes nope 2>&1)"
  matches "$(compose volumes --format '{{.Nmae}}' 2>&1)" "no field 'Nmae', did you mean 'Name'"
  compose down -t 0 -v
  equal '' "$(compose volumes -q)"
}

test_stats_shows_what_containers_use() {
  one_service '    mem_limit: 64m
  busy:
    image: test-busybox
    network_mode: host
    command: sh -c "while :; do :; done"'
  compose build
  compose up -d --scale web=2
  local lines
  lines=$(compose stats --no-stream)
  matches "$(head -n 1 <<<"$lines")" '^CONTAINER ID +NAME +CPU % +MEM USAGE / LIMIT +MEM % +NET I/O +BLOCK I/O +PIDS$'
  matches "$lines" "$(compose ps -q busy | cut -c 1-12) +t-busy-1 +[1-9][0-9]*\.[0-9]{2}% .* 0B / 0B "
  matches "$lines" 't-web-2 +[0-9.]+% +[0-9.]+[KM]iB / 64MiB +[0-9.]+% .* 2 *'
  equal 2 "$(compose stats --no-stream --format json web | grep -c '"Name":"t-web-[12]"')"
  equal "$(compose ps -q busy)" "$(compose stats --no-stream --no-trunc --format '{{.ID}}' busy)"
  compose stop -t 0 web
  equal t-busy-1 "$(compose stats --no-stream --format '{{.Name}}')"
  equal 't-web-1 0.00% 0B / 0B' \
    "$(compose stats -a --no-stream --format '{{.Name}} {{.CPUPerc}} {{.MemUsage}}' web | head -n 1)"
  compose stats --format '{{.Name}}' >out &
  local watching=$!
  seen_twice() { (($(grep -c t-busy-1 out) >= 2)); }
  has_ended() { ! kill -0 "$watching" 2>/dev/null; }
  eventually 20 seen_twice
  compose stop -t 0
  eventually 20 has_ended
  wait "$watching"
  equal 'no such service: nope' "$(compose stats nope 2>&1)"
  compose stats web busy 2>/dev/null && return 1
  compose down -t 0
}

test_down_leaves_no_file_in_the_run_root() {
  one_service
  compose build
  ls -R "$COMPOSE_RUN_ROOT" >before 2>&1 || true
  compose up -d --scale web=3
  compose exec -T web true
  compose down -t 0
  ls -R "$COMPOSE_RUN_ROOT" >after 2>&1 || true
  equal "$(cat before)" "$(cat after)"
  compose start 2>/dev/null && return 1
  ls -R "$COMPOSE_RUN_ROOT" >after 2>&1 || true
  equal "$(cat before)" "$(cat after)"
}

test_an_interrupt_reaches_the_program_through_its_init() {
  one_service
  compose up -d
  compose kill -s INT web
  stopped() { equal 130 "$(compose ps -a --format '{{.ExitCode}}' web)"; }
  eventually 10 stopped
  compose down -t 0
}

run_tests "$@"
