#!/bin/bash
# Registries that lie, stall, break off and send what they should not: an error that names the image and the layer, nothing
# outside the store touched, nothing left behind.
. "$(dirname "$0")/../support/cli.sh"
. "$source_root/tests/support/registry.sh"

hostile_start() {
  trap_registry
  python3 "$source_root/tests/support/hostile_registry.py" 5000 "$PWD/log" &
  registry_pids+=($!)
  printf '{"stall_timeout": "1s", "connect_timeout": "1s", "first_wait": "10ms", "attempts": 3}' >registries.json
  export COMPOSE_REGISTRIES_FILE=$PWD/registries.json DOCKER_CONFIG=$PWD/docker
  eventually 15 curl -so /dev/null http://127.0.0.1:5000/v2/
}

# refused NAME REGEX: the pull fails with that message, in a second or two, and leaves nothing.
refused() {
  local output
  if output=$(timeout 20 compose image pull -q "localhost:5000/$1:1" 2>&1); then
    echo "pulling $1 went well"
    return 1
  fi
  matches "$output" "^pull 'localhost:5000/$1:1': $2\$"
  nothing_in_store
}

nothing_in_store() {
  equal "" "$(find "$COMPOSE_DATA_ROOT/images/tmp" "$COMPOSE_DATA_ROOT/images/layers" "$COMPOSE_DATA_ROOT/images/blobs/sha256" -mindepth 1)"
  equal "" "$(compose image ls -q)"
}

layer='layer sha256:[0-9a-f]{64}'

test_documents_that_are_no_manifests_are_refused() {
  hostile_start
  refused html "the registry answered with an HTML page instead of a manifest"
  refused large-manifest "the answer of localhost:5000 is larger than 4194304 bytes"
  refused not-json "read image manifest: damaged JSON at byte [0-9]+"
  refused two-things "image manifest: has both 'layers' and 'manifests': it cannot be two things at once"
  refused cycle "manifest sha256:1{64}: its content has the digest sha256:[0-9a-f]{64}"
  refused deep "image indexes are nested more than 3 deep"
  refused missing "it is not in the registry: status 404: manifest unknown"
  refused many-layers "read image config: 600 layers are more than the 500 allowed"
}

test_blobs_that_are_not_what_the_manifest_says_are_refused() {
  hostile_start
  refused wrong-digest "$layer: its content has the digest sha256:[0-9a-f]{64}"
  refused wrong-diff "$layer: its content has the diff id sha256:[0-9a-f]{64}"
  refused short-size "$layer: the registry sends [0-9]+ bytes and the manifest says 7"
  refused long-size "$layer: the registry sends [0-9]+ bytes and the manifest says 10000000"
  refused huge-size "$layer: it has 1152921504606846976 bytes and [0-9]+ are free"
  refused error-page "$layer: the registry answered with an HTML page instead of a blob"
  refused truncated "$layer: read the answer of localhost:5000: the server closed the connection too early"
  refused bad-range "$layer: the registry was asked for the bytes from [0-9]+ on and sends 'bytes 0-[0-9/]+'"
  refused not-gzip "$layer: .*"
}

test_archives_that_reach_out_of_their_directory_reach_nothing() {
  hostile_start
  refused up "$layer: entry '../../../../tmp/hostile-up': the name goes upwards"
  refused hardlink "$layer: entry 'passwd': the name goes upwards"
  refused long-name "$layer: entry 'n{4096}': a component of the name is longer than 255 bytes"
  refused symlink "$layer: entry 'out/hostile-symlink': create directory 'out': File exists"
  compose image pull -q localhost:5000/absolute:1
  equal "" "$(find /tmp -maxdepth 1 -name 'hostile-*')"
  equal 1 "$(find "$COMPOSE_DATA_ROOT/images/layers" -name 'hostile-*' | wc -l)"
}

test_a_bomb_fills_no_more_than_the_room_there_is() {
  hostile_start
  mkdir -p "$COMPOSE_DATA_ROOT"
  mount -t tmpfs -o size=192m none "$COMPOSE_DATA_ROOT"
  trap 'registry_stop; umount -l "$COMPOSE_DATA_ROOT"' EXIT
  refused bomb "$layer: entry 'zeros': not enough space on the disk: the archive unpacks to more than the [0-9]+ bytes that may be used"
  compose image pull -q localhost:5000/absolute:1
}

test_a_server_that_stalls_or_trickles_is_given_up() {
  hostile_start
  refused stall "$layer: read from localhost:5000: it stalled for 1000 ms"
  refused trickle "$layer: read from localhost:5000: (it stalled for|only [0-9]+ bytes in) [0-9]+ ms"
  refused slow-headers "read from localhost:5000: only [0-9]+ bytes in [0-9]+ ms"
}

test_a_broken_download_is_resumed_where_it_broke() {
  hostile_start
  compose image pull -q localhost:5000/resume:1
  equal "bytes=500000- bytes=1000000- bytes=1500000-" "$(awk '/resume\/blobs/ && $5 ~ /bytes/ { print $5 }' log | xargs)"
  compose image verify
}

test_a_busy_server_is_asked_again() {
  hostile_start
  compose image pull -q localhost:5000/busy:1
  equal 3 "$(grep -c 'GET localhost:5000 /v2/busy/manifests/1' log)"
}

test_credentials_do_not_follow_a_redirect_elsewhere() {
  hostile_start
  mkdir docker
  printf '{"auths": {"localhost:5000": {"username": "ann", "password": "secret"}}}' >docker/config.json
  compose image pull -q localhost:5000/redirect:1
  matches "$(grep ' 127.0.0.1:5001 ' log)" "^GET 127.0.0.1:5001 /sha256:[0-9a-f]+ - -$"
  matches "$(grep 'localhost:5000 /v2/redirect/blobs' log | tail -n 1)" "Basic "
}

test_a_server_that_is_redirected_to_is_not_told_who_we_are() {
  hostile_start
  mkdir docker
  printf '{"auths": {"localhost:5000": {"username": "ann", "password": "secret"}}}' >docker/config.json
  refused redirect-refused "$layer: status 401"
  equal "GET /refused -" "$(awk '$2 == "127.0.0.1:5001" { print $1, $3, $4 }' log | sort -u)"
}

test_one_bad_image_does_not_keep_the_others_from_coming() {
  hostile_start
  printf 'services:\n  a: {image: "localhost:5000/good:1"}\n  b: {image: "localhost:5000/wrong-digest:1"}\n' >compose.yaml
  matches "$(compose pull 2>&1)" "Image localhost:5000/good:1 Pulled"
  equal localhost:5000/good "$(compose image ls --format json | python3 -c 'import json, sys; print(*[i["Repository"] for i in json.load(sys.stdin)])')"
  equal 0 "$(compose pull --ignore-pull-failures >/dev/null 2>&1; echo $?)"
}

run_tests "$@"
