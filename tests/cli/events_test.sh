#!/bin/bash
# `compose events`: every change once, in order, as it comes.
. "$(dirname "$0")/../support/cli.sh"

# watch_events FILE ARGUMENTS...: in the background, as $watcher; returns when it watches.
watch_events() {
  : >"$1"
  compose events "${@:2}" >"$1" &
  watcher=$!
  eventually 10 watches $watcher
}
# It asks the kernel for changes of these only when it is ready for them, before its first look.
watches() { grep -qs inotify /proc/"$1"/fdinfo/* && [[ -d $COMPOSE_RUN_ROOT ]] && sleep 0.3; }
end_watch() {  # as Ctrl-C does
  local status=0
  kill -INT $watcher
  wait $watcher || status=$?
  equal 130 $status
}
# "web-1 start", one a line
actions() { sed -E 's/^.{26} container (.*) [0-9a-f]{64} \((.*, )?name=t-([^,)]*).*$/\3 \1/' "${1:-seen}"; }
actions_of() { actions "${2:-seen}" | sed -n "s/^$1 //p" | paste -sd, | sed 's/,/, /g'; }
tells() { equal "$2" "$(actions_of "$1" "${3:-seen}")"; }
exit_codes() { grep ' die ' seen | grep -o 'exitCode=[0-9]*' | paste -sd' '; }

test_a_life_is_told_from_create_to_destroy() {
  one_service '    network_mode: none'
  compose build -q
  watch_events seen
  compose up -d
  eventually 10 tells web-1 'create, start'
  compose pause
  eventually 10 tells web-1 'create, start, pause'
  compose unpause
  eventually 10 tells web-1 'create, start, pause, unpause'
  local id
  id=$(compose ps -q --no-trunc web)
  compose restart -t 0
  eventually 10 tells web-1 'create, start, pause, unpause, die, start'
  compose down -t 0
  eventually 10 tells web-1 'create, start, pause, unpause, die, start, die, destroy'
  equal 'exitCode=137 exitCode=137' "$(exit_codes)"
  end_watch
  fails grep -vE '^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8}\.[0-9]{6} container [a-z]+ '"$id"' \((exitCode=137, )?image=test-busybox, name=t-web-1\)$' seen
  sort -c -s -k1,2 seen
}

test_what_comes_after_everything_went_is_told_too() {
  one_service '    network_mode: none'
  compose build -q
  watch_events seen
  local i expected=
  for i in $(rounds 5); do
    compose up -d
    compose down -t 0
    expected+="${expected:+, }create, start, die, destroy"
  done
  eventually 10 tells web-1 "$expected"
  equal "$(for i in $(rounds 5); do echo exitCode=137; done | paste -sd' ')" "$(exit_codes)"
  end_watch
}

test_one_that_was_held_up_knows_how_a_container_ended_that_is_gone() {
  one_service '    network_mode: none'
  sed -i "s/command: .*/command: [sh, -c, \"trap 'exit 5' TERM; while :; do sleep 0.05; done\"]/" compose.yaml
  compose build -q
  compose up -d
  watch_events seen
  kill -STOP $watcher
  compose restart
  kill -CONT $watcher
  eventually 10 tells web-1 'die, start'
  kill -STOP $watcher
  compose down
  kill -CONT $watcher
  eventually 10 tells web-1 'die, start, die, destroy'
  compose up -d
  eventually 10 tells web-1 'die, start, die, destroy, create, start'
  equal 'exitCode=5 exitCode=5' "$(exit_codes)"
  local before after
  before=$(awk '{ print $14 + $15 }' /proc/$watcher/stat)
  sleep 1
  after=$(awk '{ print $14 + $15 }' /proc/$watcher/stat)
  ((after - before <= 2)) || { echo "busy while nothing happens: $before, $after"; return 1; }
  end_watch
  compose down -t 0
}

test_a_killed_process_a_restart_policy_and_its_end() {
  one_service '    network_mode: none
    restart: on-failure:2'
  sed -i 's/command: .*/command: [sh, -c, "sleep 0.2; exit 3"]/' compose.yaml
  compose build -q
  watch_events seen
  compose up -d
  eventually 20 tells web-1 'create, start, die, start, die, start, die'
  equal 'exitCode=3 exitCode=3 exitCode=3' "$(exit_codes)"
  compose down -t 0
  eventually 10 tells web-1 'create, start, die, start, die, start, die, destroy'
  sed -i -e 's/command: .*/command: sleep infinity/' -e '/restart:/d' compose.yaml
  compose up -d
  kill -KILL "$(pid_of web)"
  eventually 10 tells web-1 'create, start, die, start, die, start, die, destroy, create, start, die'
  compose down -t 0
  end_watch
}

test_an_end_for_want_of_memory_is_told_as_such() {
  one_service '    network_mode: none
    mem_limit: 16m'
  sed -i 's/command: .*/command: [sh, -c, "tail \/dev\/zero"]/' compose.yaml
  compose build -q
  watch_events seen
  compose up -d
  eventually 30 tells web-1 'create, start, oom, die'
  equal exitCode=137 "$(exit_codes)"
  end_watch
  compose down -t 0
}

test_a_lost_shim_is_told_as_an_end() {
  one_service '    network_mode: none'
  compose build -q
  compose up -d
  watch_events seen
  local shim
  shim=$(awk '/^PPid/ { print $2 }' /proc/"$(pid_of web)"/status)
  kill -KILL "$shim"
  eventually 10 tells web-1 die
  equal exitCode=137 "$(exit_codes)"
  compose down -t 0
  end_watch
}

test_health_is_told_when_it_changes() {
  one_service '    network_mode: none
    healthcheck: {test: [CMD, test, -e, /tmp/well], interval: 1s, retries: 1}'
  sed -i 's/command: .*/command: [sh, -c, "mkdir -p \/tmp; touch \/tmp\/well; sleep infinity"]/' compose.yaml
  compose build -q
  watch_events seen
  compose up -d --wait
  compose exec web rm /tmp/well
  eventually 20 tells web-1 'create, start, health_status: healthy, health_status: unhealthy'
  compose exec web touch /tmp/well
  eventually 20 tells web-1 'create, start, health_status: healthy, health_status: unhealthy, health_status: healthy'
  compose down -t 0
  end_watch
}

test_replicas_recreation_and_a_filter_by_service() {
  one_service '    network_mode: none
  db:
    image: test-busybox
    init: true
    network_mode: none
    command: sleep infinity'
  compose build -q
  watch_events db_alone db
  local db_watcher=$watcher
  watch_events seen
  compose up -d
  compose scale web=3
  compose scale web=1
  compose run --rm db true
  compose up -d --force-recreate -t 0 web
  compose down -t 0
  local i
  for i in 2 3; do eventually 10 tells web-$i 'create, start, die, destroy'; done
  # The new one is made beside the old one, and takes its name.
  eventually 10 tells web-1 'create, start, die, destroy, rename, start, die, destroy'
  matches "$(grep ' rename ' seen)" '\(image=test-busybox, name=t-web-1, oldName=/[0-9a-f]{12}_t-web-1\)'
  matches "$(grep ' create ' seen)" 'name=[0-9a-f]{12}_t-web-1\)'
  tells db-1 'create, start, die, destroy'
  end_watch
  watcher=$db_watcher
  tells db-1 'create, start, die, destroy' db_alone
  equal 4 "$(wc -l <db_alone)"
  end_watch
}

test_many_replicas_have_each_change_once() {
  one_service '    network_mode: none'
  compose build -q
  watch_events seen
  local count i
  count=$(rounds 20 | tail -n 1)
  compose up -d --scale web="$count"
  compose down -t 0
  for i in $(rounds 20); do eventually 20 tells "web-$i" 'create, start, die, destroy'; done
  equal $((4 * count)) "$(wc -l <seen)"
  end_watch
}

test_json_has_one_object_a_line() {
  one_service '    network_mode: none
    labels: {tier: "front \"1\""}'
  compose build -q
  watch_events seen --json
  compose up -d
  compose down -t 0
  eventually 10 grep -q destroy seen
  end_watch
  equal 'create start die destroy' "$(python3 -c '
import json, re, sys
for line in sys.stdin:
  e = json.loads(line)
  assert sorted(e) == ["action", "attributes", "id", "service", "time", "type"], e
  assert e["type"] == "container" and e["service"] == "web" and re.fullmatch("[0-9a-f]{64}", e["id"]), e
  assert re.fullmatch(r"[0-9-]{10}T[0-9:]{8}\.[0-9]{9}Z", e["time"]), e
  expected = {"image": "test-busybox", "name": "t-web-1", "tier": "front \"1\""}
  if e["action"] == "die": expected["exitCode"] = "137"
  assert e["attributes"] == expected, e
  print(e["action"])' <seen | paste -sd' ')"
}

test_since_tells_what_is_known_and_until_ends() {
  one_service '    network_mode: none'
  compose build -q
  local before between
  before=$(date +%s.%N)
  compose create
  sleep 0.05
  between=$(date +%s.%N)
  compose up -d
  compose stop -t 0
  compose events --since "$before" --until 0s >seen
  tells web-1 'create, start, die'
  compose events --since "$between" --until 0s >seen
  tells web-1 'start, die'
  equal '' "$(compose events --since 0s --until 0s)"
  equal '' "$(compose events --until 10m)"
  compose events --until=-2s >seen &
  local until=$!
  eventually 10 watches $until
  compose start
  eventually 10 tells web-1 start
  wait $until
  compose down -t 0
  tells web-1 start
}

test_wrong_use_is_refused() {
  one_service '    network_mode: none'
  local output
  output=$(fails compose events nosuch 2>&1)
  equal 'no such service: nosuch' "$output"
  output=$(fails compose events --since yesterday 2>&1)
  equal 'invalid time "yesterday": expected 2026-01-02T03:04:05Z, unix seconds, or 42m' "$output"
}

test_a_reader_that_goes_away_ends_it() {
  one_service '    network_mode: none'
  compose build -q
  compose events | head -n 1 >seen &
  local pipe=$!
  eventually 10 eval '[[ -n $(pgrep -x compose) ]]'
  sleep 0.3
  compose up -d
  wait $pipe
  tells web-1 create
  compose down -t 0
  eventually 10 fails pgrep -x compose
}

run_tests "$@"
