#!/bin/bash
# How builds go on: side by side, from contexts that are elsewhere, and what the command says about them.
. "$(dirname "$0")/../support/cli.sh"
. "$source_root/tests/support/registry.sh"
. "$source_root/tests/support/build.sh"

test_stages_and_services_are_built_side_by_side() {
  base_image
  # Each step waits for the other three: one after the other they would wait in vain.
  mkdir meeting
  local meet='--mount=type=cache,id=meeting,target=/m touch /m/$NAME; for i in $(seq 300); do [ $(ls /m | wc -l) = 4 ] && exit 0; sleep 0.1; done; exit 1'
  printf 'FROM test/base AS left\nENV NAME=%s-left\nRUN %s\nFROM test/base\nENV NAME=%s-right\nRUN %s\nCOPY --from=left /bin/sh /left\n' \
    one "$meet" one "$meet" >one.dockerfile
  sed 's/=one-/=two-/' one.dockerfile >two.dockerfile
  printf 'services: {one: {build: {context: ., dockerfile: one.dockerfile}}, two: {build: {context: ., dockerfile: two.dockerfile}}}' >compose.yaml
  compose --progress plain build >output 2>&1 || { cat output; false; }
  grep -q '^#[0-9]* \[one left 2/2\] RUN' output
  grep -q '^#[0-9]* \[two 1 2/3\] DONE' output
}

test_a_step_that_fails_stops_the_others_and_leaves_nothing() {
  base_image
  one 'RUN touch /begun && sleep 300' '      dockerfile: other'
  printf 'FROM test/base AS slow\nRUN echo sleeping; sleep 300\nFROM test/base\nRUN sleep 1; echo last words; exit 7\nCOPY --from=slow /x /x\n' >context/other
  local began=$SECONDS
  fails compose --progress plain build >output 2>&1
  ((SECONDS - began < 60))
  matches "$(cat output)" '#[0-9]* \[slow 2/2\] CANCELED'
  equal "service \"one\": build: other:4: '/bin/sh -c sleep 1; echo last words; exit 7' exited with status 7
last words" "$(tail -n 2 output)"
  equal 0 "$(ls "$COMPOSE_DATA_ROOT/images/tmp" | wc -l)"
  equal 0 "$(ls "$COMPOSE_RUN_ROOT" | grep -c '^b111d57e9')"
}

test_an_interrupted_build_ends_its_steps_and_leaves_nothing() {
  base_image
  one 'RUN --mount=type=cache,id=begun,target=/b touch /b/begun; sleep 300'
  local signal status build
  has_begun() { [[ -n $(find "$COMPOSE_DATA_ROOT/images/cache" -name begun 2>/dev/null) ]]; }
  for signal in TERM INT; do
    status=0
    set -m # a process group, which a terminal would tell as a whole
    compose --progress plain build >output 2>&1 &
    build=$!
    set +m
    eventually 20 has_begun
    kill -$signal -- "-$build"
    wait "$build" || status=$?
    equal "$((128 + $(kill -l $signal)))" "$status"
    matches "$(cat output)" 'CANCELED'
    equal 'build canceled' "$(tail -n 1 output)"
    equal 0 "$(ls "$COMPOSE_RUN_ROOT" | grep -c '^b111d57e9')"
    equal 0 "$(ls "$COMPOSE_DATA_ROOT/images/tmp" | wc -l)"
    find "$COMPOSE_DATA_ROOT/images/cache" -name begun -delete
  done
}

test_a_build_that_waits_for_a_silent_registry_can_be_interrupted() {
  base_image
  one 'RUN true' '      cache_from: ["127.0.0.1:5998/cache:1"]'
  python3 -c 'import socket, time; s = socket.create_server(("127.0.0.1", 5998)); open("ready", "w"); c = s.accept(); open("asked", "w"); time.sleep(300)' &
  local registry=$!
  eventually 10 test -e ready
  set -m
  compose --progress plain build >output 2>&1 &
  local build=$! status=0 began=$SECONDS
  set +m
  eventually 20 test -e asked
  kill -INT -- "-$build"
  wait "$build" || status=$?
  kill "$registry"
  equal 130 "$status"
  ((SECONDS - began < 20)) # the registry has 30 s to answer
}

test_a_quiet_build_prints_nothing_but_errors() {
  base_image
  one 'RUN echo something >&2'
  equal "" "$(compose build -q 2>&1)"
  one 'RUN exit 3'
  equal "service \"one\": build: Dockerfile:2: '/bin/sh -c exit 3' exited with status 3" "$(compose build -q 2>&1)"
}

test_a_step_that_two_services_share_runs_once() {
  base_image
  printf 'FROM test/base\nRUN --mount=type=cache,id=count,target=/c sleep 1; echo x >>/c/runs; cp /c/runs /runs\n' >Dockerfile
  printf 'services: {one: {network_mode: none, build: .}, two: {network_mode: none, build: .}}' >compose.yaml
  compose build -q
  equal x "$(compose run --rm -T one cat /runs)"
  equal x "$(compose run --rm -T two cat /runs)"
}

test_an_image_that_another_service_builds_is_waited_for() {
  base_image
  printf 'services:
  above: {image: test/above, network_mode: none, build: {dockerfile_inline: "FROM test/below\\nCOPY --from=aside /made /aside"
    , additional_contexts: {aside: "service:side"}}}
  below: {image: test/below, build: {dockerfile_inline: "FROM test/base\\nRUN sleep 1; echo below >/below"}}
  side: {build: {dockerfile_inline: "FROM test/base\\nRUN echo made >/made"}}' >compose.yaml
  compose build -q
  equal "below
made" "$(compose run --rm -T above cat /below /aside)"
  sed -i 's/FROM test\/base\\nRUN sleep 1/FROM test\/above\\nRUN sleep 1/' compose.yaml
  matches "$(compose build -q 2>&1)" 'each waits for the image of the next: above -> below -> above'
}

test_a_context_is_a_git_repository() {
  need git
  trap_registry
  base_image
  git_repository repository.git
  git_server
  local base=git://127.0.0.1/repository.git
  one '' ''
  at() { sed -i "s|context: .*|context: $1|" compose.yaml && compose build -q && in_image "$2"; }
  equal one "$(at $base 'cat /from/file')"
  equal "Dockerfile file sub" "$(at $base 'ls -A /from | xargs')"
  equal two "$(at $base#branch 'cat /from/file')"
  equal one "$(at $base#v1 'cat /from/file')"
  equal "Dockerfile inner" "$(at $base#:sub 'ls -A /from | xargs')"
  equal two "$(at "$base#$(git -C repository.git rev-parse branch)" 'cat /from/file')"
  equal inner "$(at "$base?tag=v1\&subdir=sub" 'cat /from/inner')"
  sed -i "s|context: .*|context: $base#none|" compose.yaml
  matches "$(compose build -q 2>&1)" "git repository '$base': .*none"
  sed -i "s|context: .*|context: $base#:file|" compose.yaml
  matches "$(compose build -q 2>&1)" "git repository '$base': there is no directory 'file' in it"
  mkdir bin
  ln -s "$(command -v compose)" "$(dirname "$(command -v compose)")/compose-shim" bin
  matches "$(PATH=$PWD/bin compose build -q 2>&1)" "git repository '$base': it takes git, and 'git' is not in the PATH"
}

test_add_takes_from_a_git_repository() {
  need git
  trap_registry
  base_image
  git_repository repository.git
  git_server
  local commit base=git://127.0.0.1/repository.git
  commit=$(git -C repository.git rev-parse main)
  one "ADD $base /all
ADD --keep-git-dir=true $base#branch /kept
ADD $base#main:sub /sub/
ADD --checksum=$commit $base /sure"
  compose build -q
  equal "one two inner one" "$(in_image 'cat /all/file /kept/file /sub/inner /sure/file | xargs')"
  in_image 'test -d /kept/.git && ! test -e /all/.git'
  equal 4 "$(compose build 2>&1 | grep -c CACHED)"
  git -C repository.git commit -q --allow-empty -m more
  echo three >repository.git/file
  git -C repository.git commit -qam three
  compose build -q 2>output || true
  matches "$(cat output)" "git repository '$base': it is commit [0-9a-f]* and should be $commit"
  sed -i '/--checksum/d' context/Dockerfile
  compose build -q
  equal three "$(in_image 'cat /all/file')"
  # A server of mere files.
  git -C repository.git update-server-info
  python3 -m http.server -b 127.0.0.1 8001 >/dev/null 2>&1 &
  registry_pids+=($!)
  eventually 60 curl -so /dev/null http://127.0.0.1:8001/
  cp -r repository.git/.git plain.git
  one "ADD http://127.0.0.1:8001/plain.git#v1 /all"
  compose build -q
  equal one "$(in_image 'cat /all/file')"
}

test_contexts_are_archives_and_dockerfiles_behind_addresses_and_oci_layouts() {
  trap_registry
  base_image
  mkdir web files
  echo inside >files/file
  tar -C files -czf web/more.tar.gz .
  cp -r files together
  printf 'FROM test/base\nCOPY --from=more file /more\nCOPY --from=lay /made /made\nCOPY file /\n' >together/Dockerfile
  tar -C together -cf web/context.tar .
  printf 'FROM test/base\nRUN echo alone >/alone\n' >web/Dockerfile
  python3 -m http.server -b 127.0.0.1 -d web 8000 >/dev/null 2>&1 &
  registry_pids+=($!)
  eventually 60 curl -so /dev/null http://127.0.0.1:8000/
  one 'RUN echo made >/made'
  compose build -q
  mkdir layout
  compose image save test/one | tar -C layout -xf -
  one '' '      additional_contexts: {more: "http://127.0.0.1:8000/more.tar.gz", lay: "oci-layout://./layout"}'
  sed -i "s|context: .*|context: http://127.0.0.1:8000/context.tar|" compose.yaml
  compose build -q
  equal "inside inside made" "$(in_image 'cat /file /more /made | xargs')"
  one ''
  sed -i "s|context: .*|context: http://127.0.0.1:8000/Dockerfile|" compose.yaml
  compose build -q
  equal alone "$(in_image 'cat /alone')"
  sed -i "s|context: .*|context: file://$PWD/context|" compose.yaml
  printf 'FROM test/base\nCOPY --from=imported file /from-address\nRUN echo here >/here\n' >context/Dockerfile
  tar -C files -cf web/root.tar .
  compose image import -c 'ENV A=1' http://127.0.0.1:8000/root.tar imported
  matches "$(compose image import http://127.0.0.1:8000/nothing.tar 2>&1)" "download 'http://127.0.0.1:8000/nothing.tar': status 404"
  compose build -q
  equal "here inside" "$(in_image 'cat /here /from-address | xargs')"
}

test_a_pipe_or_a_directory_in_the_place_of_a_file_is_an_error_at_once() {
  base_image
  one 'RUN true'
  rm context/Dockerfile
  mkfifo context/Dockerfile pipe
  equal "service \"one\": build: read '$PWD/context/Dockerfile': it is a pipe and nobody writes to it" \
    "$(timeout 20 compose build -q 2>&1)"
  matches "$(timeout 20 compose -f pipe config 2>&1)" "read '$PWD/pipe': it is a pipe and nobody writes to it"
  rm context/Dockerfile
  mkdir context/Dockerfile
  matches "$(timeout 20 compose build -q 2>&1)" "service \"one\": build: read '$PWD/context/Dockerfile': .*Is a directory"
  rmdir context/Dockerfile
  printf 'FROM test/base\n' >dockerfile
  equal "test/one" "$(compose -f <(cat compose.yaml) config --images)"
  sed -i "s|context: ./context|&\n      dockerfile: $PWD/late|" compose.yaml
  mkfifo late
  cat dockerfile >late &
  sleep 0.2
  timeout 20 compose build -q
}

test_a_cache_that_cannot_be_written_is_named_as_it_was_written() {
  base_image
  echo >taken
  one 'RUN true' '      cache_to: ["type=local,mode=max,dest=./taken/cache"]'
  matches "$(compose build -q 2>&1)" "service \"one\": build: cache_to 'type=local,mode=max,dest=$PWD/taken/cache': .*Not a directory"
}

test_a_full_disk_is_said_with_the_file_and_what_there_is() {
  mkdir -p context "$COMPOSE_DATA_ROOT"
  mount -t tmpfs -o size=16m none "$COMPOSE_DATA_ROOT"
  trap 'umount -l "$COMPOSE_DATA_ROOT"' EXIT
  head -c 30000000 /dev/zero | tr '\\0' x >context/big
  printf 'FROM scratch\nCOPY big /\n' >context/Dockerfile
  printf 'services: {one: {image: test/one, build: ./context}}' >compose.yaml
  matches "$(compose build -q 2>&1)" \
    "service \"one\": build: Dockerfile:2: copy 'big': .*No space left on device: [0-9.]+[kM]?B and [0-9]+ more files are free in '$COMPOSE_DATA_ROOT/images/tmp/[0-9a-f]*'"
}

test_a_data_root_that_cannot_be_written_is_named() {
  base_image
  one 'RUN true'
  mount --bind "$COMPOSE_DATA_ROOT" "$COMPOSE_DATA_ROOT"
  trap 'umount -l "$COMPOSE_DATA_ROOT"' EXIT
  mount -o remount,bind,ro "$COMPOSE_DATA_ROOT"
  equal "write to the data root '$COMPOSE_DATA_ROOT': Read-only file system" "$(compose build -q 2>&1)"
}

test_a_key_is_offered_through_an_agent_and_its_socket_is_as_asked_for() {
  need ssh-keygen ssh-add
  base_image
  ssh-keygen -q -t ed25519 -N '' -C mine -f key
  one 'RUN --mount=type=ssh,id=own,uid=7,gid=8,mode=0660 stat -c "%a %u:%g" "$SSH_AUTH_SOCK" >/facts
RUN --mount=type=ssh,id=own,target=/agent,env=AGENT test -S /agent -a "$AGENT" = /agent' \
    '      ssh: ["own=./key"]'
  compose build -q
  equal "660 7:8" "$(in_image 'cat /facts')"
  echo no key >key
  matches "$(compose build -q 2>&1)" "service \"one\": build: ssh \"own\": key '[^']*/key': "
  rm key
  matches "$(compose build -q 2>&1)" "service \"one\": build: ssh \"own\": there is no '[^']*/key'"
}

test_cache_mounts_begin_with_files_keep_their_owner_and_can_be_private() {
  base_image
  one 'RUN --mount=type=cache,target=/c,uid=3,gid=4,mode=0711 stat -c "%a %u:%g" /c >/facts && echo kept >/c/f
RUN --mount=type=cache,target=/c cat /c/f >/again
RUN --mount=type=cache,target=/d,from=test/base,source=/bin ls /d/sh >/began && touch /d/more
RUN --mount=type=cache,target=/d,from=test/base,source=/bin ls /d/more >/still
RUN --mount=type=cache,target=/p,sharing=private echo p >/p/p'
  compose build -q
  equal "711 3:4 kept /d/sh /d/more" "$(in_image 'cat /facts /again /began /still | xargs')"
}

test_secrets_have_the_owner_and_mode_of_their_mount_and_may_be_variables() {
  base_image
  echo hidden >secret
  one 'RUN --mount=type=secret,id=key,uid=5,gid=6,mode=0640,target=/k stat -c "%a %u:%g" /k >/facts
RUN --mount=type=secret,id=key,env=KEY printf %s "$KEY" | wc -c >/length; test -e /run/secrets/key && touch /there; true
RUN --mount=type=secret,id=key,env=KEY,target=/k test -n "$KEY" -a -s /k
RUN --mount=type=secret,id=none true' '      secrets: [{source: s, target: key}]'
  printf 'secrets: {s: {file: ./secret}}\n' >>compose.yaml
  compose build -q
  equal "640 5:6 7" "$(in_image 'cat /facts /length | xargs; test ! -e /there')"
  sed -i 's/id=none/id=none,required=true/' context/Dockerfile
  matches "$(compose build -q 2>&1)" "Dockerfile:5: RUN --mount: the secret 'none' is required and was not given"
}

test_memory_is_a_limit_and_what_is_ignored_is_said_once() {
  base_image
  one 'RUN cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null; true' \
    '      provenance: mode=max
      sbom: true
      isolation: process
      platforms: [linux/amd64, linux/arm64, linux/s390x]
      entitlements: [network.host, device]'
  compose build --memory 64m --builder x --provenance max >output 2>&1
  grep -q ' 67108864$' output
  equal 1 "$(grep -c 'ignored: --builder, --provenance: builds run here and attest nothing' output)"
  equal 1 "$(grep -c "service 'one': build: ignored: entitlement device, platforms but this machine's" output)"
  equal 2 "$(grep -c ignored: output)"
  for key in provenance sbom isolation; do equal 1 "$(grep -c "one.build.$key has no effect here" output)"; done
  one 'RUN --security=insecure true'
  matches "$(compose build -q 2>&1)" "needs the entitlement 'security.insecure'"
  one 'RUN --security=insecure grep CapEff /proc/self/status >/caps' '      entitlements: [security.insecure]'
  compose build -q
  fails in_image 'grep 00000000a80425fb /caps'
}

test_a_build_cache_is_enough_for_another_machine() {
  need skopeo
  busybox_image busybox
  printf 'services: {base: {image: "localhost:5999/base:1", build: ./busybox}}' >base.yaml
  compose -f base.yaml build -q
  # Whose layers others have packed.
  compose image save -o base.tar localhost:5999/base:1
  mkdir unpacked
  tar -C unpacked -xf base.tar
  compose image rm localhost:5999/base:1
  compose image prune -af --build-cache
  skopeo copy -q --dest-compress-format zstd oci:unpacked docker-archive:again.tar:localhost:5999/base:1
  compose image load -q -i again.tar
  mkdir context
  printf 'FROM localhost:5999/base:1 AS first\nRUN date +%%N >/made\nFROM localhost:5999/base:1\nCOPY --from=first /made /\nRUN echo more >>/made\n' >context/Dockerfile
  printf 'services: {one: {image: test/one, network_mode: none, build: {context: ./context, cache_to: ["type=local,dest=./cache,mode=max"]}}}' >compose.yaml
  compose build -q
  in_image 'cat /made' >first
  sed -i 's/cache_to.*dest=/cache_from: ["type=local,src=/; s/,mode=max//' compose.yaml
  export COMPOSE_DATA_ROOT=$scratch/another
  compose build >output 2>&1
  equal 3 "$(grep -c CACHED output)"
  equal 1 "$(grep -c "'localhost:5999/base:1' is taken from cache_from" output)"
  # That is true for this build only: a cache does not say what a name means to others.
  equal "" "$(compose image ls | grep localhost:5999/base)"
  sed 's/, cache_from.*]//' compose.yaml >without.yaml
  fails compose -f without.yaml build >others 2>&1
  matches "$(tail -n 1 others)" 'localhost:5999/base:1'
  equal "$(cat first)" "$(in_image 'cat /made')"
  compose image verify
}

test_proxies_reach_steps_without_an_arg_and_leave_no_trace() {
  base_image
  one 'RUN env | grep -i proxy | sort >/proxies' '      args: {HTTP_PROXY: "http://p:1", no_proxy: "x", Http_Proxy: y}'
  compose build >output 2>&1
  equal "HTTP_PROXY=http://p:1
no_proxy=x" "$(in_image 'cat /proxies')"
  equal 1 "$(grep -c "build argument 'Http_Proxy' is not declared by any ARG" output)"
  sed -i 's/p:1/p:2/' compose.yaml
  equal 1 "$(compose build 2>&1 | grep -c CACHED)"
  lacks "$(compose image inspect test/one)" 'p:[12]'
}

test_contexts_are_images_and_repositories_by_name() {
  need git
  trap_registry
  base_image
  git_repository repository.git
  git_server
  one 'COPY --from=code /sub/inner /inner
COPY --from=tools /bin/busybox /tool
RUN --mount=from=code,target=/c cp /c/file /file' \
    '      additional_contexts: ["code=git://127.0.0.1/repository.git#branch", "tools=docker-image://test/base"]'
  compose build -q
  equal "inner two" "$(in_image 'cat /inner /file | xargs; test -s /tool')"
  # It stands for an image, too.
  sed -i 's/FROM .*/FROM anything/; /--from=tools/d' context/Dockerfile
  sed -i 's/tools=/anything=/' compose.yaml
  compose build -q
  equal "inner" "$(in_image 'cat /inner')"
}

test_a_step_without_a_network_has_its_loopback() {
  base_image
  one 'RUN --network=none ping -c 1 127.0.0.1 >/answer'
  compose build -q
  matches "$(in_image 'cat /answer')" '1 packets received'
}

test_a_stage_may_have_the_name_of_its_image() {
  base_image
  compose image tag test/base own
  one '' '      dockerfile_inline: "FROM own AS own\nRUN echo made >/made\nFROM own\nCOPY --from=own /made /copy"'
  compose build -q
  equal made "$(in_image 'cat /copy')"
}

test_more_layers_than_a_container_can_have_are_refused_before_any_step() {
  printf 'services: {web: {image: test/web, build: .}}\n' >compose.yaml
  (echo FROM scratch AS base; for i in {1..300}; do echo "COPY compose.yaml /$i"; done; echo FROM base; for i in {1..200}; do echo "COPY compose.yaml /x$i"; done) >Dockerfile
  compose build --progress plain 2>&1 | tee output || true
  matches "$(cat output)" 'service "web": build: Dockerfile:502: an image has at most 499 layers, and this would be one more$'
  equal "" "$(grep COPY output || true)"
}

test_a_dry_run_builds_and_pulls_nothing() {
  printf 'services:\n  web: {image: test/web, build: .}\n  far: {image: "localhost:1/far:1"}\n' >compose.yaml
  printf 'FROM scratch\nCOPY compose.yaml /\n' >Dockerfile
  equal "DRY-RUN MODE - build image test/web (service web)" "$(compose --dry-run build)"
  local said
  said=$(compose --dry-run up -d)
  matches "$said" 'DRY-RUN MODE - pull image localhost:1/far:1'
  matches "$said" 'DRY-RUN MODE - build image test/web'
  matches "$said" 'DRY-RUN MODE - create container t-far-1'
  equal "" "$(compose image ls -q)"
}

test_check_knows_the_arguments_of_a_build() {
  printf 'ARG BASE\nFROM ${BASE}\n' >Dockerfile
  printf 'services: {web: {build: .}}\n' >compose.yaml
  matches "$(compose build --check 2>&1)" 'Dockerfile:2'
  matches "$(compose build --check --build-arg BASE=scratch)" "1 warning has been found!.*InvalidDefaultArgInFrom"
  printf 'ARG BASE=scratch\nFROM ${BASE}\n' >Dockerfile
  equal "Check complete, no warnings found." "$(compose build --check --build-arg BASE=busybox)"
}

test_a_check_knows_the_base_image_and_what_is_ignored() {
  busybox_image image
  printf 'ENV VERSION=1\n' >>image/Dockerfile
  printf 'services:\n  base: {image: localhost/base, build: ./image}\n  web: {image: test/web, build: .}\n' >compose.yaml
  printf 'FROM localhost/base\nCOPY hidden /$VERSON\n' >Dockerfile
  echo hidden >.dockerignore
  matches "$(compose build --check web)" "1 warning has been found!.*CopyIgnoredFile"
  compose build -q base
  fails compose build --check web >output
  equal "Check complete, 2 warnings have been found!

WARNING: UndefinedVar
nothing sets '\$VERSON', did you mean '\$VERSION'?
web: Dockerfile:2
    COPY hidden /\$VERSON

WARNING: CopyIgnoredFile
'hidden' is not in the build context: .dockerignore hides it
web: Dockerfile:2
    COPY hidden /\$VERSON" "$(cat output)"
}

test_a_build_says_what_a_check_finds_and_stops_where_the_dockerfile_wants_that() {
  printf 'services: {web: {image: test/web, build: {context: .}}}\n' >compose.yaml
  printf 'FROM scratch\nMAINTAINER me\n# check=skip=MaintainerDeprecated\nMAINTAINER you\nCOPY compose.yaml /\n' >Dockerfile
  local warning='Dockerfile:2: MaintainerDeprecated: MAINTAINER is out of use: a label says the same'
  equal "WARNING: $warning" "$(compose build 2>&1 | grep WARNING)"
  equal "" "$(compose build --build-arg BUILDKIT_DOCKERFILE_CHECK=skip=all 2>&1 | grep WARNING || true)"
  sed -i '1i # check=error=true' Dockerfile
  compose image rm test/web
  equal "service \"web\": build: ${warning/:2:/:3:} (the check has error=true)" "$(compose build -q 2>&1 | tail -n 1)"
  equal "" "$(compose image ls -q)"
  compose build -q --build-arg 'BUILDKIT_DOCKERFILE_CHECK=skip=MaintainerDeprecated;error=true'
  sed -i '1s/.*/# check=skp=all/' Dockerfile
  equal "service \"web\": build: Dockerfile: check 'skp=all': must be skip=..., experimental=... or error=true" "$(compose build -q 2>&1 | tail -n 1)"
}

test_check_and_print_build_nothing() {
  printf 'FROM a AS Build\nMAINTAINER me\n' >Dockerfile
  printf 'services:\n  web:\n    image: test/web\n    build: {context: ., args: {A: "1"}, target: build, secrets: [s]}\nsecrets: {s: {environment: HOME}}\n' >compose.yaml
  fails compose build --check >output
  equal "Check complete, 2 warnings have been found!

WARNING: StageNameCasing
the name of the stage 'Build' should be in lower case
web: Dockerfile:1
    FROM a AS Build

WARNING: MaintainerDeprecated
MAINTAINER is out of use: a label says the same
web: Dockerfile:2
    MAINTAINER me" "$(cat output)"
  printf 'FROM a AS build\n' >Dockerfile
  equal "Check complete, no warnings found." "$(compose build --check)"
  printf 'FROM a AS build\nCOPPY x y\n' >Dockerfile
  matches "$(compose build --check 2>&1)" "service \"web\": build: Dockerfile:2: unknown instruction 'COPPY'"
  equal "{
  \"group\": {
    \"default\": {
      \"targets\": [
        \"web\"
      ]
    }
  },
  \"target\": {
    \"web\": {
      \"context\": \"$PWD\",
      \"dockerfile\": \"Dockerfile\",
      \"args\": {
        \"A\": \"1\"
      },
      \"tags\": [
        \"test/web\"
      ],
      \"target\": \"build\",
      \"secret\": [
        \"id=s,type=env,env=HOME\"
      ],
      \"output\": [
        \"type=docker\"
      ]
    }
  }
}" "$(compose build --print)"
}

test_a_terminal_sees_each_step_as_a_row() {
  need script
  base_image
  one 'RUN echo working; sleep 1'
  script -qec 'stty cols 120; compose build' /dev/null >output </dev/null
  matches "$(cat output)" '#1 \[2/2\] RUN echo working; sleep 1 .*working'
  matches "$(cat output)" '✔.*#1 \[2/2\] RUN echo working; sleep 1 .*Done'
}

run_tests "$@"
