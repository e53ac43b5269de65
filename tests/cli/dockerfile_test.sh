#!/bin/bash
# What Dockerfiles can say that other builders of this machine do not know, and what compose files say about builds.
. "$(dirname "$0")/../support/cli.sh"
. "$source_root/tests/support/registry.sh"
. "$source_root/tests/support/build.sh"

test_add_downloads_and_checks() {
  trap_registry
  context ''
  mkdir web
  echo content >web/file.txt
  touch -d '2020-01-02 03:04:05 UTC' web/file.txt
  tar -C web -cf web/archive.tar file.txt
  serve web 8000
  local sum
  sum=$(sha256sum web/file.txt | cut -d' ' -f1)
  context "ADD http://127.0.0.1:8000/file.txt?x=1 /d/
ADD --chmod=640 --chown=5:6 --checksum=sha256:$sum http://127.0.0.1:8000/file.txt /named
ADD http://127.0.0.1:8000/archive.tar /kept.tar
ADD --unpack=true http://127.0.0.1:8000/archive.tar /unpacked"
  compose build -q
  equal "/d/file.txt 600 0:0 1577934245
/named 640 5:6 1577934245
/unpacked/file.txt 644 0:0 1577934245" "$(in_image 'stat -c "%n %a %u:%g %Y" /d/file.txt /named /unpacked/file.txt; test -f /kept.tar')"
  # Whose checksum is known is not asked for again.
  : >"$scratch/served"
  compose build 2>&1 | grep -c CACHED
  equal 0 "$(grep -c 'GET /file.txt HTTP' "$scratch/served")"
  context "ADD --checksum=sha256:${sum/%?????/00000} http://127.0.0.1:8000/file.txt /x"
  matches "$(compose build -q 2>&1)" "Dockerfile:4: download 'http://127.0.0.1:8000/file.txt': its content has the digest sha256:$sum and should have sha256:[0-9a-f]*00000"
  context "ADD http://127.0.0.1:8000/none /x"
  matches "$(compose build -q 2>&1)" "Dockerfile:4: download 'http://127.0.0.1:8000/none': status 404"
}

test_copy_link_does_not_look_below_and_survives_a_change_there() {
  context 'ARG BELOW
RUN echo $BELOW >/below && mkdir /real && ln -s /real /alias
COPY --link file /alias/file
COPY --link --chmod=u=rwX,go=rX file /mode' '      args: {BELOW: "1"}'
  echo linked >context/file
  chmod 700 context/file
  compose build -q
  equal "directory
755" "$(in_image 'stat -c %F /alias; stat -c %a /mode')"
  sed -i 's/BELOW: "1"/BELOW: "2"/' compose.yaml
  equal 2 "$(compose build 2>&1 | grep -A1 'COPY --link\|COPY file' | grep -c CACHED)"
  equal 2 "$(in_image 'cat /below')"
}

test_copy_keeps_parents_and_leaves_out_what_is_excluded() {
  context 'COPY --parents a/b/one a/./c/two /p/
COPY --parents a/*/./two /q/
COPY --parents a/**/y a/**/one /r/
COPY --exclude=*.log --exclude=deep a /e/'
  mkdir -p context/a/b context/a/c/deep
  touch context/a/b/one context/a/c/two context/a/x.log context/a/c/deep/y
  compose build -q
  equal "/p/a/b/one /p/c/two" "$(in_image 'find /p -type f | sort | xargs')"
  equal "/q/two /r/a/b/one /r/a/c/deep/y" "$(in_image 'find /q /r -type f | sort | xargs')"
  equal "/e/b/one /e/c/deep/y /e/c/two" "$(in_image 'find /e -type f | sort | xargs')"
}

test_an_ssh_agent_is_there_for_one_step_only() {
  trap_registry
  context 'RUN --mount=type=ssh test -S "$SSH_AUTH_SOCK" && echo "$SSH_AUTH_SOCK" >/socket
RUN test -z "$SSH_AUTH_SOCK" && ! test -e /run/buildkit' '      ssh: [default]'
  python3 -c 'import socket, time; s = socket.socket(socket.AF_UNIX); s.bind("agent"); s.listen(); time.sleep(60)' &
  registry_pids+=($!)
  eventually 5 test -S agent
  SSH_AUTH_SOCK=$PWD/agent compose build -q
  equal /run/buildkit/ssh_agent.0 "$(in_image 'cat /socket')"
  matches "$(env -u SSH_AUTH_SOCK compose build -q 2>&1)" 'ssh "default": there is no agent: SSH_AUTH_SOCK is not set'
}

test_a_context_can_be_another_service_or_a_directory() {
  busybox_image context
  printf 'FROM scratch\nADD rootfs.tar /\nRUN echo base >/base\n' >context/Dockerfile
  mkdir other
  echo other >other/file
  cat >compose.yaml <<'END'
services:
  one:
    network_mode: none
    build:
      context: ./context
      additional_contexts: {foundation: "service:two", more: ./other}
      dockerfile_inline: |
        FROM foundation
        COPY --from=more file /more
        COPY --from=foundation /base /again
      tags: ["test/tagged:1", "test/tagged:2"]
      labels: {own: label}
      shm_size: 32m
      extra_hosts: ["somewhere=10.1.2.3"]
      ulimits: {nofile: 123}
  two:
    build: ./context
END
  compose build -q one
  equal "base
other" "$(compose run --rm -T one cat /again /more)"
  equal "$(compose image inspect test/tagged:1)" "$(compose image inspect test/tagged:2)"
  sed -i 's/COPY --from=more.*/RUN ulimit -n \&\& cat \/etc\/hosts \&\& df -k \/dev\/shm/' compose.yaml
  matches "$(compose build one 2>&1)" "123.*10.1.2.3[[:space:]]somewhere.*32768"
}

test_a_base_image_that_is_missing_is_pulled() {
  need docker-registry
  trap_registry
  registry_start
  context 'RUN echo base >/base'
  compose build -q
  compose image tag test/one localhost:5000/base:1
  compose image push -q localhost:5000/base:1
  compose image rm localhost:5000/base:1
  printf 'services: {one: {network_mode: none, build: {dockerfile_inline: "FROM localhost:5000/base:1\\nCOPY --from=localhost:5000/base:1 /base /copy"}}}' >compose.yaml
  compose build -q
  equal base "$(in_image 'cat /copy')"
  equal 0 "$(compose build 2>&1 | grep -c 'Pulling\|Download')"
  registry_stop
  matches "$(compose build -q --pull 2>&1)" "pull 'localhost:5000/base:1': connect to localhost:5000: Connection refused"
}

test_a_built_image_is_pushed_on_wish() {
  need docker-registry
  trap_registry
  registry_start
  context '' '      tags: ["localhost:5000/tagged:1"]'
  sed -i 's|image: test/one|image: localhost:5000/one:1|' compose.yaml
  compose build -q --push
  equal "$(registry_digest one:1)" "$(registry_digest tagged:1)"
}

test_results_of_steps_travel_through_a_directory_and_a_registry() {
  need docker-registry
  trap_registry
  registry_start
  local place
  for place in "type=local,dest=./cache" "type=registry,ref=localhost:5000/cache:1"; do
    context "RUN echo $place >/made && date +%N >>/made
COPY Dockerfile /" "      cache_to: ['$place']"
    compose build -q
    in_image 'cat /made' >first
    compose image rm test/one
    compose image prune -af --build-cache
    sed -i "s|cache_to:.*|cache_from: ['${place/dest=/src=}']|" compose.yaml
    compose build >output 2>&1
    equal 0 "$(grep -c ' DONE ' output)"
    equal "$(cat first)" "$(in_image 'cat /made')"
  done
  compose image verify
  rm -r cache
  sed -i "s/cache_from:.*/cache_from: ['type=local,src=.\/cache', 'type=gha']/" compose.yaml
  matches "$(compose build 2>&1)" "cache_from 'type=local,src=[^']*/cache': .*No such file"
}

test_a_pattern_that_matches_nothing_is_a_warning_and_what_is_ignored_is_an_error() {
  context 'COPY *.none /x/'
  equal "WARNING: Dockerfile:4: nothing in the build context matches '*.none'" "$(compose build 2>&1 | grep WARNING)"
  compose build -q
  equal no "$(in_image 'test -e /x && echo yes || echo no')"
  echo secret >context/hidden
  mkdir context/partly
  touch context/partly/{seen,hidden}
  printf 'hidden\npartly/*\n!partly/seen\n' >context/.dockerignore
  context 'COPY hidden /x'
  matches "$(compose build -q 2>&1)" "Dockerfile:4: 'hidden' is not in the build context: .dockerignore hides it"
  context 'COPY par* /x/'
  compose build -q
  equal seen "$(in_image 'ls /x')"
}

run_tests "$@"
