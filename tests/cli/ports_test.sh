#!/bin/bash
# Published ports: reachable, never leaked, never taken from their owner.
. "$(dirname "$0")/../support/cli.sh"

server_project() {  # server_project NAME PORT
  mkdir -p "$1"
  busybox_image "$1/image"
  cat >"$1/compose.yaml" <<END
services:
  web:
    image: test-busybox
    build: ./image
    init: true
    ports: ["$2:80"]
    command: ["httpd", "-f", "-p", "80", "-h", "/etc"]
END
}
fetch() { timeout 3 busybox wget -q -O - "http://$1/hostname"; }

test_a_published_port_answers_on_loopback_and_goes_with_down() {
  server_project a 8046
  cd a
  compose up -d
  equal "0.0.0.0:8046" "$(compose port web 80)"
  eventually 3 fetch 127.0.0.1:8046
  equal "$(compose exec -T web cat /etc/hostname)" "$(fetch 127.0.0.1:8046)"
  compose down -t 0
  if fetch 127.0.0.1:8046; then return 1; fi
}

test_a_port_in_use_fails_and_leaves_its_owner_alone() {
  server_project a 9044
  server_project b 9044
  (cd a && compose up -d)
  eventually 3 fetch 127.0.0.1:9044
  local owner rules status=0
  owner=$(fetch 127.0.0.1:9044)
  rules=$(nft -s list ruleset)
  (cd b && compose up -d >out 2>&1) || status=$?
  lacks "$status" '^0$'
  matches "$(cat b/out)" '9044'
  (cd b && compose down -t 0)
  equal "$owner" "$(fetch 127.0.0.1:9044)"
  equal "$rules" "$(nft -s list ruleset)"
  (cd a && compose down -t 0)
}

test_a_flushed_firewall_is_repaired_by_up() {
  server_project a 8047
  cd a
  compose up -d
  eventually 3 fetch 127.0.0.1:8047
  nft flush ruleset
  compose up -d
  eventually 2 fetch 127.0.0.1:8047
  compose down -t 0
}

run_tests "$@"
