#!/bin/bash
# What a Dockerfile or a context of a stranger could try: to leave its caches, to make a build wait, to be mistaken for another.
. "$(dirname "$0")/../support/cli.sh"
. "$source_root/tests/support/registry.sh"
. "$source_root/tests/support/build.sh"

test_a_link_in_a_cache_leads_nowhere_else() {
  mkdir outside
  context "RUN --mount=type=cache,id=x,target=/c ln -s $PWD/outside /c/out && ln -s /in /c/alias && mkdir /c/in
RUN --mount=type=cache,id=x,source=alias/deep,target=/t touch /t/file
RUN --mount=type=cache,id=x,target=/c ls /c/in/deep >/listed"
  compose build -q
  equal file "$(in_image 'cat /listed')"
  local cache
  cache=$(dirname "$(find "$COMPOSE_DATA_ROOT/images/cache" -name out)")
  context "RUN --mount=type=cache,id=x,source=out,target=/t touch /t/file"
  matches "$(compose build -q 2>&1)" "make 'out' in a cache: 'out' is a link to nothing"
  mkdir -p "$cache$PWD/outside"
  compose build -q
  equal file "$(ls "$cache$PWD/outside")"
  equal '' "$(ls outside)"
}

test_a_cache_can_be_mounted_twice_and_locked() {
  context 'RUN --mount=type=cache,id=x,sharing=locked,target=/a --mount=type=cache,id=x,sharing=locked,target=/b touch /a/file && ls /b >/listed'
  timeout 30 compose build -q
  equal file "$(in_image 'cat /listed')"
}

test_a_mount_names_a_path_and_no_pattern() {
  context 'RUN --mount=type=bind,source=[slug],target=/t cp /t/file /copy'
  mkdir -p 'context/[slug]' context/s
  echo literal >'context/[slug]/file'
  compose build -q
  equal literal "$(in_image 'cat /copy')"
  context 'RUN --mount=type=bind,source=*.none,target=/t true'
  matches "$(compose build -q 2>&1)" "Dockerfile:4: '\*.none' is not in the build context"
}

test_a_step_is_known_by_what_it_runs_with() {
  local change
  context 'RUN --mount=type=tmpfs,target=/t,size=1m df -k /t | tail -1 >/a; ulimit -n >>/a; cat /etc/hosts >>/a'
  compose build -q
  equal 1 "$(compose build 2>&1 | grep -A1 'RUN ' | grep -c CACHED)"
  for change in '      ulimits: {nofile: 77}' '      extra_hosts: ["other=10.9.8.7"]' '      shm_size: 33m' '      network: none' '      privileged: true'; do
    sed -i '/context: .\/context/q' compose.yaml
    echo "$change" >>compose.yaml
    equal 0 "$(compose build 2>&1 | grep -A1 'RUN ' | grep -c CACHED)"
    equal 1 "$(compose build 2>&1 | grep -A1 'RUN ' | grep -c CACHED)"
  done
  sed -i '/context: .\/context/q' compose.yaml
  sed -i 's/size=1m/size=2m/' context/Dockerfile
  compose build -q
  matches "$(in_image 'cat /a')" 'tmpfs .*2048 '
}

test_an_ignore_file_of_a_stranger_is_read_inside_its_context() {
  trap_registry
  context ''
  echo hidden >secret
  mkdir web
  local kind
  for kind in "mkfifo context/.dockerignore" "ln -s $PWD/secret context/.dockerignore" "ln -s rules context/.dockerignore" "mkfifo context/Dockerfile.dockerignore"; do
    rm -f context/.dockerignore context/Dockerfile.dockerignore
    $kind
    echo hidden >context/rules
    echo shown >context/hidden
    printf 'COPY . /all\n' >>context/Dockerfile
    tar -C context -cf web/context.tar .
    printf 'services: {one: {image: test/one, network_mode: none, build: "http://127.0.0.1:8000/context.tar"}}' >compose.yaml
    [[ -v served ]] || { python3 -m http.server -b 127.0.0.1 -d web 8000 >/dev/null 2>&1 & served=$!; registry_pids+=($!); }
    eventually 60 curl -so /dev/null http://127.0.0.1:8000/
    timeout 20 compose build -q
    [[ $kind == *rules* ]] && equal no "$(in_image 'test -e /all/hidden || echo no')" || equal shown "$(in_image 'cat /all/hidden')"
    sed -i '$d' context/Dockerfile
  done
}

test_a_git_context_is_the_same_whatever_the_umask() {
  need git
  trap_registry
  context 'COPY file script /d/
WORKDIR /w'
  echo 1 >context/file
  echo 2 >context/script
  chmod 755 context/script
  git -c init.defaultBranch=main init -q context
  git -C context add -A
  git -C context -c user.name=a -c user.email=a@b commit -qm one
  mv context repository.git
  git daemon --reuseaddr --listen=127.0.0.1 --export-all --base-path="$PWD" "$PWD" 2>/dev/null &
  registry_pids+=($!)
  eventually 60 git ls-remote -q git://127.0.0.1/repository.git >refs
  printf 'services: {one: {image: test/one, network_mode: none, build: "git://127.0.0.1/repository.git"}}' >compose.yaml
  (umask 077 && compose build -q)
  equal "644 755 755 755" "$(in_image 'stat -c %a /d/file /d/script /d /w' | xargs)"
}

run_tests "$@"
