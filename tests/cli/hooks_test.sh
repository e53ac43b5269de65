#!/bin/bash
# post_start and pre_stop, and the names that lead to the host.
. "$(dirname "$0")/../support/cli.sh"

hooked() {
  one_service '    volumes: ["./seen:/seen"]
    environment: {WHO: web}
    post_start:
      - command: sh -c "echo started $$WHO $$MORE >>/seen/log"
        environment: {MORE: more}
    pre_stop:
      - command: sh -c "echo stopping >>/seen/log"'
  mkdir seen
  compose build
}

test_hooks_run_after_each_start_and_before_each_stop() {
  hooked
  compose up -d
  equal "started web more" "$(cat seen/log)"
  compose restart -t 0
  equal "started web more stopping started web more" "$(xargs <seen/log)"
  compose down -t 0
  equal 2 "$(grep -c stopping seen/log)"
}

test_hooks_of_a_container_run_though_its_file_is_gone() {
  hooked
  compose up -d
  mv compose.yaml away.yaml
  compose -p t stop -t 0
  equal "started web more stopping" "$(xargs <seen/log)"
  mv away.yaml compose.yaml
  compose down -t 0
}

test_a_failing_hook_fails_the_start() {
  one_service '    post_start: [{command: sh -c "exit 3"}]'
  compose build
  local output
  if output=$(compose up -d 2>&1); then fail "up succeeded"; fi
  matches "$output" "service \"web\": post_start\[0\] \"sh -c 'exit 3'\" in container t-web-1: exited with status 3\$"
  compose down -t 0
}

test_hooks_write_to_the_output_of_a_container_with_an_init() {
  one_service '    post_start: [{command: sh -c "echo from the hook >/proc/1/fd/1"}]
    pre_stop: [{command: sh -c "echo goodbye >/proc/1/fd/1"}]'
  compose build
  compose up -d
  said() { equal "$1" "$(compose logs --no-log-prefix | xargs)"; }
  eventually 10 said "from the hook"
  compose stop -t 0
  said "from the hook goodbye"
  compose down -t 0
}

test_host_gateway_is_the_host_as_the_container_sees_it() {
  one_service '    extra_hosts: ["host.docker.internal:host-gateway"]'
  compose build
  compose up -d
  equal "$(compose exec -T web sh -c "ip route | sed -n 's/^default via \([^ ]*\).*/\1/p'")" \
    "$(compose exec -T web sh -c "sed -n 's/\thost.docker.internal//p' /etc/hosts")"
  compose down -t 0
}

run_tests "$@"
