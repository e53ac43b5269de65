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
  eventually 60 curl -so /dev/null http://127.0.0.1:5000/v2/
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
  refused many-layers "read image config: 600 layers are more than the 499 that a container can have"
  refused deep-json "read image manifest: nested more than 256 deep"
  refused deep-config "read image config: nested more than 256 deep"
  refused config-lie "config sha256:2{64}: its content has the digest sha256:[0-9a-f]{64}"
  refused no-digest "image manifest: config: the digest 'md5:1' is not sha256 and 64 hex digits"
  refused escaping-digest "image manifest: config: the digest 'sha256:../../../x' is not sha256 and 64 hex digits"
  refused negative-size "image manifest: config: the size must be a number and not negative"
}

test_answers_that_are_no_http_are_refused() {
  hostile_start
  refused header-bomb "read the answer of localhost:5000: header limit exceeded"
  refused interim "the registry localhost:5000 refuses: status 103"
  refused two-lengths "read the answer of localhost:5000: bad Content-Length"
  refused bad-chunk "read the answer of localhost:5000: bad chunk"
  refused http-0.9 "read the answer of localhost:5000: bad version"
  refused loop-redirect "localhost:5000 redirects more than 5 times"
  refused file-redirect "invalid address 'file:///etc/passwd': only http and https are known"
}

test_blobs_that_are_not_what_the_manifest_says_are_refused() {
  hostile_start
  refused wrong-digest "$layer: its content has the digest sha256:[0-9a-f]{64}"
  refused wrong-diff "$layer: its content has the diff id sha256:[0-9a-f]{64}"
  refused short-size "$layer: the registry sends [0-9]+ bytes and the manifest says 7"
  refused long-size "$layer: the registry sends [0-9]+ bytes and the manifest says 10000000"
  refused huge-size "$layer: not enough space in '[^']*' for its [0-9.]+PB: [0-9.]+[kMGT]?B are free, and 67.11MB must stay free"
  refused error-page "$layer: the registry answered with an HTML page instead of a blob"
  refused truncated "$layer: read the answer of localhost:5000: the server closed the connection too early"
  refused bad-range "$layer: the registry was asked for the bytes from [0-9]+ on and sends 'bytes 0-[0-9/]+'"
  refused not-gzip "$layer: .*"
  refused no-layer "$layer: damaged archive: Unrecognized archive format"
  refused cut-tar "$layer: entry 'small': damaged archive: Truncated input file .*"
  refused large-attribute "$layer: damaged archive: Special header too large"
  refused bad-capability "$layer: entry 'x': set attribute 'security.capability': Invalid argument"
  refused owner "$layer: entry 'x': the owner 1099511627776 is out of range"
  compose image pull -q localhost:5000/members:1
  compose image verify >/dev/null
}

test_trees_that_nobody_could_read_are_refused() {
  hostile_start
  refused deep-tree "$layer: entry '(a/){600}': directories are nested more than 500 deep"
  refused deep-by-links "$layer: entry 'l/(b/){300}': directories are nested more than 500 deep"
  refused sparse "$layer: entry 's': not enough space in '[^']*' to unpack the archive: [0-9.]+[kMGT]?B are free, and 67.11MB must stay free"
}

test_archives_that_reach_out_of_their_directory_reach_nothing() {
  hostile_start
  refused up "$layer: entry '../../../../tmp/hostile-up': the name goes upwards"
  refused hardlink "$layer: entry 'passwd': the name goes upwards"
  refused long-name "$layer: entry 'n{4096}': a component of the name is longer than 255 bytes"
  refused symlink "$layer: entry 'out/hostile-symlink': create directory 'out': File exists"
  refused whiteout-up "$layer: entry '.wh...': a whiteout of '..'"
  refused hardlink-out "$layer: entry 'stolen': the target 'out/hostname-of-the-host' of the hard link is not in the archive before it"
  refused through "$layer: entry 'loop/x': enter 'loop': Too many levels of symbolic links"
  refused removed "$layer: entry 'x': a character device 0:0 means a removed file in an overlay, which an image says with '.wh.'"
  compose image pull -q localhost:5000/over-links:1
  equal "" "$(find "$COMPOSE_DATA_ROOT/images/layers" -name c -links +1)"
  compose image rm localhost:5000/over-links:1
  compose image pull -q localhost:5000/absolute:1
  equal "" "$(find /tmp -maxdepth 1 -name 'hostile-*')"
  equal 1 "$(find "$COMPOSE_DATA_ROOT/images/layers" -name 'hostile-*' | wc -l)"
}

test_a_device_of_an_image_opens_nothing_of_the_host() {
  hostile_start
  compose image pull -q localhost:5000/nodes:1
  busybox_image image
  printf 'FROM localhost:5000/nodes:1\nADD rootfs.tar /\n' >image/Dockerfile
  printf 'services:\n  it: {image: nodes, build: ./image, network_mode: none}\n' >compose.yaml
  compose build -q 2>/dev/null
  equal "b c" "$(compose run --rm -T it stat -c %A /disk /memory 2>/dev/null | cut -c 1 | xargs)"
  matches "$(compose run --rm -T it cat /disk 2>&1 || true)" "can't open '/disk': Operation not permitted"
  matches "$(compose run --rm -T it cat /memory 2>&1 || true)" "can't open '/memory': Operation not permitted"
}

test_a_bomb_fills_no_more_than_the_room_there_is() {
  hostile_start
  mkdir -p "$COMPOSE_DATA_ROOT"
  mount -t tmpfs -o size=192m,nr_inodes=12k none "$COMPOSE_DATA_ROOT"
  trap 'registry_stop; umount -l "$COMPOSE_DATA_ROOT"' EXIT
  refused bomb "$layer: entry 'zeros': not enough space in '[^']*' to unpack the archive: [0-9.]+[kMGT]?B are free, and 67.11MB must stay free"
  refused zstd-bomb "$layer: entry 'zeros': not enough space in '[^']*' to unpack the archive: [0-9.]+[kMGT]?B are free, and 67.11MB must stay free"
  refused tar-bomb "$layer: not enough space in '[^']*' to unpack the archive: it has more than the [0-9]+ entries that can be made"
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
