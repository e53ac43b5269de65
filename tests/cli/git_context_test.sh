#!/bin/bash
# Build contexts and sources of ADD in git repositories behind ssh and HTTP, with servers of our own on loopback.
. "$(dirname "$0")/../support/cli.sh"
. "$source_root/tests/support/registry.sh"
. "$source_root/tests/support/build.sh"

context_is() { sed -i "s|context: .*|context: \"$(sed 's/&/\\&/' <<<"$1")\"|" compose.yaml; }
at() { context_is "$1" && compose build -q && in_image "$2"; }
refused() { context_is "$1" && compose build -q 2>&1 | tr '\n' ' '; }

test_repositories_behind_ssh() {
  need git ssh dropbear dropbearkey
  trap_registry
  base_image
  git_repository repository.git
  ssh_server
  one '' ''
  local place=$PWD/repository.git
  equal one "$(at "root@127.0.0.1:$place" 'cat /from/file')"
  equal two "$(at "root@127.0.0.1:$place#branch" 'cat /from/file')"
  equal "Dockerfile inner" "$(at "ssh://root@localhost$place#v1:sub" 'ls -A /from | xargs')"
  equal two "$(at "ssh://root@127.0.0.1:22$place?branch=branch" 'cat /from/file')"
  equal one "$(at "ssh://127.0.0.1$place" 'cat /from/file')"
  one "ADD root@127.0.0.1:$place#branch /added
ADD --checksum=$(git -C repository.git rev-parse main) ssh://root@localhost$place /sure"
  compose build -q
  equal "two one" "$(in_image 'cat /added/file /sure/file | xargs')"
  one "COPY --from=far file /" "      additional_contexts: {far: 'root@127.0.0.1:$place#branch'}"
  compose build -q
  equal two "$(in_image 'cat /file')"
  # No such repository, a stranger, a server that is not the one we know: nobody is asked anything.
  one '' ''
  matches "$(refused "root@127.0.0.1:$place.none")" "git repository 'root@127.0.0.1:$place.none': .*does not appear to be a git repository"
  : >home/.ssh/authorized_keys
  matches "$(refused "root@127.0.0.1:$place")" "git repository 'root@127.0.0.1:$place': .*Permission denied \(publickey"
  : >home/.ssh/known_hosts
  matches "$(refused "root@127.0.0.1:$place")" "git repository 'root@127.0.0.1:$place': .*Host key verification failed"
}

test_the_agent_of_a_build_opens_repositories_behind_ssh() {
  need git ssh ssh-agent dropbear dropbearkey
  trap_registry
  base_image
  git_repository repository.git
  ssh_server
  mv home/.ssh/id_ed25519 key
  rm home/.ssh/id_ed25519.pub
  one "ADD root@127.0.0.1:$PWD/repository.git#branch /added"
  matches "$(compose build -q 2>&1)" "Permission denied \(publickey"
  one "ADD root@127.0.0.1:$PWD/repository.git#branch /added" '      ssh: ["default=./key"]'
  compose build -q
  equal two "$(in_image 'cat /added/file')"
  equal one "$(at "root@127.0.0.1:$PWD/repository.git" 'cat /from/file')"
}

test_repositories_behind_http() {
  need git
  trap_registry
  base_image
  git_repository repository.git
  git_http_server 8080
  one '' ''
  local base=http://127.0.0.1:8080/repository.git
  equal one "$(at "$base" 'cat /from/file')"
  equal two "$(at "$base#branch" 'cat /from/file')"
  equal "Dockerfile inner" "$(at "$base?tag=v1&subdir=sub" 'ls -A /from | xargs')"
  equal two "$(at "$base#$(git -C repository.git rev-parse branch)" 'cat /from/file')"
  matches "$(cat git-8080.log)" "POST /repository.git/git-upload-pack 200 -"
  matches "$(refused "$base#none")" "git repository '$base': .*none"
  matches "$(refused "http://127.0.0.1:8080/other.git")" "git repository 'http://127.0.0.1:8080/other.git': .*not found"
  matches "$(refused "http://127.0.0.1:8081/other.git")" "git repository 'http://127.0.0.1:8081/other.git': .*(refused|connect)"
}

test_repositories_behind_http_ask_who_is_there() {
  need git
  trap_registry
  base_image
  git_repository repository.git
  git_http_server 8080 x-access-token:secret
  one '' ''
  local base=http://127.0.0.1:8080/repository.git
  matches "$(refused "$base")" "git repository '$base': .*(terminal prompts disabled|could not read Username)"
  # A token is a secret of the build, for all servers or for one.
  local name
  for name in GIT_AUTH_TOKEN GIT_AUTH_TOKEN.127.0.0.1:8080; do
    one '' "      secrets: [{source: token, target: '$name'}]"
    printf 'secrets: {token: {environment: TOKEN}}\n' >>compose.yaml
    equal two "$(export TOKEN=secret; at "$base#branch" 'cat /from/file')"
    matches "$(TOKEN=wrong refused "$base")" "git repository '$base': .*([Aa]uthentication failed|terminal prompts disabled|could not read Username)"
  done
  one '' "      secrets: [GIT_AUTH_TOKEN.other.test]"
  printf 'secrets: {GIT_AUTH_TOKEN.other.test: {environment: TOKEN}}\n' >>compose.yaml
  matches "$(TOKEN=secret refused "$base")" "git repository '$base': "
  one "ADD $base#branch /added" "      secrets: [GIT_AUTH_HEADER]"
  printf 'secrets: {GIT_AUTH_HEADER: {environment: HEADER}}\n' >>compose.yaml
  HEADER="basic $(printf x-access-token:secret | base64)" compose build -q
  equal two "$(in_image 'cat /added/file')"
  # Nothing of it is left in what is built.
  equal "" "$(in_image 'env; ls -A /added' | grep -i secret || true)"
}

run_tests "$@"
