#!/bin/bash
# Names: there before the first instruction, gone with the container, right while everything changes.
. "$(dirname "$0")/../support/cli.sh"

names_project() {
  busybox_image
  cat >compose.yaml <<'END'
services:
  web:
    image: test-busybox
    build: ./image
    init: true
  asker:
    image: test-busybox
    build: ./image
    init: true
END
}

same_set() { equal "$(live_addresses web | xargs)" "$(addresses_of asker web | xargs)"; }

equal_running() { equal "$1" "$(running "$2")"; }
none_runs() { equal 0 "$(running "$1")"; }

test_a_service_name_has_the_addresses_of_all_replicas() {
  names_project
  compose up -d --scale web=5
  equal 5 "$(addresses_of asker web | wc -l)"
  same_set
  compose down -t 0
}

test_removed_and_dead_replicas_vanish() {
  names_project
  compose up -d --scale web=15
  equal 15 "$(addresses_of asker web | wc -l)"
  compose scale web=3
  equal 3 "$(addresses_of asker web | wc -l)"
  same_set
  kill -9 "$(pid_of web 2)"
  # A name goes before anybody is told that its container has ended.
  eventually 10 equal_running 2 web
  equal 2 "$(addresses_of asker web | wc -l)"
  same_set
  compose down -t 0
}

test_a_name_never_fails_while_replicas_come_and_go() {
  command -v dnsperf >/dev/null || skip_test "no dnsperf"
  names_project
  compose up -d
  echo 'web A' >queries
  nsenter -n -t "$(pid_of asker)" dnsperf -s 127.0.0.11 -d queries -l 5 -Q 1000 -c 20 -t 1 >report 2>&1 &
  local client=$!
  for replicas in 20 50 5 30 1 15 1; do compose scale web=$replicas; done
  wait $client
  cat report
  matches "$(cat report)" 'Queries lost: +0 '
  matches "$(cat report)" 'NOERROR [0-9]+ \(100.00%\)'
  compose down -t 0
}

test_the_first_lookup_of_pid_1_works_every_time() {
  names_project
  cat >>compose.yaml <<'END'
  probe:
    image: test-busybox
    command: ["nslookup", "-type=a", "web", "127.0.0.11"]
    depends_on: [web]
END
  compose build
  local round
  for round in $(rounds 5); do
    compose up -d --scale probe="${PROBES:-100}" probe
    eventually 60 none_runs probe
    equal "" "$(compose ps -a --format '{{.Name}} {{.ExitCode}}' probe | grep -v ' 0$')"
    compose rm -f probe
  done
  compose down -t 0
}

test_a_stopped_service_is_not_asked_for_elsewhere() {
  names_project
  compose up -d
  compose stop -t 0 web
  lacks "$(compose exec -T asker nslookup -type=a web 127.0.0.11 2>&1)" 'Address: 10\.'
  matches "$(compose exec -T asker nslookup -type=a web 127.0.0.11 2>&1 || true)" "NXDOMAIN|can't find"
  compose down -t 0
}

test_an_address_has_a_name() {
  names_project
  compose up -d
  matches "$(compose exec -T asker nslookup "$(addresses_of asker web)" 127.0.0.11)" 't-web-1'
  compose down -t 0
}

test_names_work_on_internal_networks_and_by_alias() {
  names_project
  cat >>compose.yaml <<'END'
    networks: [inner]
  named:
    image: test-busybox
    init: true
    networks:
      inner:
        aliases: [other-name]
networks:
  inner:
    internal: true
END
  compose build
  compose up -d asker named
  equal 1 "$(addresses_of asker other-name | wc -l)"
  equal "$(addresses_of asker named)" "$(addresses_of asker other-name)"
  compose down -t 0
}

run_tests "$@"
