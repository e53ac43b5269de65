#!/bin/bash
# Who we are for a registry, the ways to it, and what is done when one of them fails: with servers of our own on loopback.
. "$(dirname "$0")/../support/cli.sh"
. "$source_root/tests/support/registry.sh"

# serve [PORT] [SETTINGS]: our registry; SETTINGS are members of its JSON (registry_server.py).
serve() {
  local port=${1:-5000}
  ((${#registry_pids[@]} + ${#bound[@]})) || trap_registry
  configure "$port" "${2:-}"
  python3 "$source_root/tests/support/registry_server.py" "$PWD/server-$port.json" &
  registry_pids+=($!)
  eventually 60 listens "$port"
}
listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
# over FILE-OR-DIRECTORY PLACE: bound there until the test ends.
bound=()
over() {
  mount --bind "$1" "$2"
  bound+=("$2")
  trap 'registry_stop; umount "${bound[@]}"' EXIT
}
configure() {
  printf '{"port": %d, "log": "%s/log-%d"%s}' "$1" "$PWD" "$1" "${2:+, $2}" >"server-$1.json.new"
  mv "server-$1.json.new" "server-$1.json"
}
client() {  # client [SETTINGS]: our own settings; quick to give up
  printf '{"stall_timeout": "1s", "connect_timeout": "1s", "first_wait": "10ms", "attempts": 4%s}' "${1:+, $1}" >registries.json
  mkdir -p docker
  export COMPOSE_REGISTRIES_FILE=$PWD/registries.json DOCKER_CONFIG=$PWD/docker
}
login() { printf '{"auths": {"%s": {"auth": "%s"}}}' "$1" "$(printf %s "${2:-ann:secret}" | base64)" >docker/config.json; }

# built NAME [BYTES]: an image of one layer of BYTES that nothing compresses, and one small one.
built() {
  mkdir -p image
  python3 -c 'import random, sys; sys.stdout.buffer.write(random.Random(1).randbytes(int(sys.argv[1])))' "${2:-3000000}" >image/noise
  printf 'FROM scratch\nCOPY noise /\nCOPY Dockerfile /\n' >image/Dockerfile
  printf 'services:\n  one: {image: "%s", build: ./image}\n' "$1" >compose.yaml
  compose build -q
}
forget() {
  compose image rm -f "$1" >/dev/null
  compose image prune -af --build-cache >/dev/null
}
authority() {  # authority NAME: ca.crt; certificate.crt and .key for NAME, signed by it; client.cert and .key too
  openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.crt -days 2 -subj /CN=authority 2>/dev/null
  local who
  for who in certificate client; do
    openssl req -newkey rsa:2048 -nodes -keyout $who.key -out $who.csr -subj "/CN=$1" 2>/dev/null
    openssl x509 -req -in $who.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -out $who.cert \
      -extfile <(printf 'subjectAltName=DNS:%s' "$1") 2>/dev/null
  done
}

test_a_token_service_is_asked_with_the_password_and_again_when_a_token_is_used_up() {
  serve 5000 '"auth": "bearer", "uses": 3'
  client
  built localhost:5000/team/a:1
  matches "$(compose push -q 2>&1)" "127.0.0.1:5001 gives no token for 'team/a': it does not exist or needs credentials, and there are none for 'localhost:5000' \(status 401: who are you\?\)$"
  login localhost:5000
  compose push -q
  forget localhost:5000/team/a:1
  compose image pull -q localhost:5000/team/a:1 >/dev/null
  # The password goes to the token service alone, the tokens to the registry; a repository is asked for as far as needed.
  equal "" "$(grep '/v2/' log-5000 | grep Basic)"
  equal "" "$(grep '/token' log-5000 | grep Bearer)"
  matches "$(grep /token log-5000)" 'GET /token\?a=b&service=the%20service&scope=repository:team/a:pull,push 200 Basic'
  matches "$(grep /token log-5000 | tail -n 1)" 'scope=repository:team/a:pull 200 Basic'
  compose image verify >/dev/null
}

test_a_token_service_that_is_busy_is_asked_again() {
  serve 5000 '"auth": "bearer", "faults": [{"match": "GET /token", "status": 429, "headers": {"Retry-After": "1"}}, {"match": "GET /token", "status": 503}]'
  client
  login localhost:5000
  built localhost:5000/a:1
  compose push -q
}

test_an_identity_token_is_exchanged_and_the_password_is_not_sent() {
  serve 5000 '"auth": "bearer", "identity": "refresh-me"'
  client
  printf '{"auths": {"localhost:5000": {"auth": "%s", "identitytoken": "refresh-me"}}}' "$(printf '00000000-0000:' | base64)" >docker/config.json
  built localhost:5000/a:1
  compose push -q
  matches "$(grep /token log-5000 | head -n 1)" 'POST /token\?a=b 200 -'
  # From a helper it comes as the user <token>.
  mkdir bin
  printf '#!/bin/sh\nread -r server\n[ $server = localhost:5000 ] || exit 1\necho "{\\"Username\\": \\"<token>\\", \\"Secret\\": \\"refresh-me\\"}"\n' >bin/docker-credential-fake
  chmod +x bin/docker-credential-fake
  printf '{"credsStore": "fake"}' >docker/config.json
  PATH=$PWD/bin:$PATH compose image pull -q localhost:5000/a:1 >/dev/null
}

test_a_helper_that_fails_or_knows_nothing_is_told_apart() {
  serve 5000 '"auth": "basic"'
  client
  login localhost:5000
  built localhost:5000/a:1
  compose push -q
  mkdir bin
  printf '{"credsStore": "other", "credHelpers": {"localhost:5000": "fake"}}' >docker/config.json
  matches "$(PATH=$PWD/bin:$PATH compose image pull -q localhost:5000/a:1 2>&1)" "ask 'docker-credential-fake' for 'localhost:5000': 'docker-credential-fake' is not in the PATH"
  printf '#!/bin/sh\necho "credentials not found in native keychain"; exit 1\n' >bin/docker-credential-fake
  chmod +x bin/docker-credential-fake
  matches "$(PATH=$PWD/bin:$PATH compose image pull -q localhost:5000/a:1 2>&1)" "needs credentials, and there are none for 'localhost:5000' \(status 401: authentication required\)"
  printf '#!/bin/sh\necho broken >&2; exit 7\n' >bin/docker-credential-fake
  matches "$(PATH=$PWD/bin:$PATH compose image pull -q localhost:5000/a:1 2>&1)" "ask 'docker-credential-fake' for 'localhost:5000': it exited with status 7"
  printf '#!/bin/sh\necho "{"\n' >bin/docker-credential-fake
  matches "$(PATH=$PWD/bin:$PATH compose image pull -q localhost:5000/a:1 2>&1)" "ask 'docker-credential-fake' for 'localhost:5000': read its answer: damaged JSON"
}

test_a_certificate_of_ours_is_shown_to_a_registry_that_asks_for_one() {
  authority registry.test
  { cat /etc/hosts; echo "127.0.0.1 registry.test"; } >hosts
  over hosts /etc/hosts
  serve 5443 '"tls": {"cert": "certificate.cert", "key": "certificate.key", "client_ca": "ca.crt"}'
  mkdir -p certs/registry.test:5443
  cp ca.crt certs/registry.test:5443/
  client "\"certificates\": \"$PWD/certs\""
  built registry.test:5443/a:1
  matches "$(compose push -q 2>&1)" "push 'registry.test:5443/a:1': .*(certificate required|handshake failure|the connection broke)"
  cp client.cert client.key certs/registry.test:5443/
  compose push -q
  # Where Docker has them.
  client
  matches "$(compose push -q 2>&1)" "the certificate of 'registry.test' is not trusted"
  mkdir -p etc-docker/certs.d
  mv certs/registry.test:5443 etc-docker/certs.d/
  [[ -d /etc/docker ]] || mkdir /etc/docker
  over etc-docker /etc/docker
  forget registry.test:5443/a:1
  compose pull -q
  mkdir -p containers/certs.d
  cp -r etc-docker/certs.d/* containers/certs.d/
  rm -r etc-docker/certs.d/*
  [[ -d /etc/containers ]] || mkdir /etc/containers
  over containers /etc/containers
  compose push -q
  mv containers/certs.d/* etc-docker/certs.d/
  rm etc-docker/certs.d/registry.test:5443/client.key
  matches "$(compose push -q 2>&1)" "read our certificate from '/etc/docker/certs.d/registry.test:5443/client.cert' and '/etc/docker/certs.d/registry.test:5443/client.key'"
}

test_proxies_are_used_as_the_environment_says() {
  authority registry.test
  serve 5443 '"tls": {"cert": "certificate.cert", "key": "certificate.key"}, "auth": "basic"'
  serve 5000
  python3 "$source_root/tests/support/http_proxy.py" 3128 "$PWD/proxied" ann:secret &
  registry_pids+=($!)
  eventually 60 listens 3128
  mkdir -p certs/registry.test:5443
  cp ca.crt certs/registry.test:5443/
  client "\"certificates\": \"$PWD/certs\", \"insecure\": [\"plain.test:5000\"]"
  login registry.test:5443
  built registry.test:5443/a:1
  matches "$(compose push -q 2>&1)" "registry.test.*(not known|resolution|No address)"
  export HTTPS_PROXY=http://ann:wrong@127.0.0.1:3128
  matches "$(compose push -q 2>&1)" "the proxy 127.0.0.1:3128 does not connect to registry.test:5443: status 407"
  export HTTPS_PROXY=http://ann:secret@127.0.0.1:3128
  compose push -q
  # What the registry is told is not told to the proxy, and the other way round.
  equal "CONNECT registry.test:5443 Basic YW5uOnNlY3JldA==" "$(tail -n 1 proxied)"
  equal "" "$(grep -v '^CONNECT' proxied)"
  matches "$(NO_PROXY=.test compose push -q 2>&1)" "registry.test.*(not known|resolution|No address)"
  # Without TLS, the proxy is asked for the whole address.
  compose image tag registry.test:5443/a:1 plain.test:5000/a:1
  export http_proxy=http://ann:secret@127.0.0.1:3128
  HTTPS_PROXY='' compose image push -q plain.test:5000/a:1 >/dev/null
  matches "$(cat proxied)" "PUT http://plain.test:5000/v2/a/manifests/1 Basic"
  # This machine is never asked through a proxy.
  : >proxied
  compose image tag registry.test:5443/a:1 localhost:5000/b:1
  compose image push -q localhost:5000/b:1 >/dev/null
  equal "" "$(cat proxied)"
}

test_a_mirror_that_fails_is_said_and_the_next_one_asked() {
  serve 5000
  serve 5002
  client
  built localhost:5000/library/tool:1
  compose push -q
  compose image tag localhost:5000/library/tool:1 localhost:5002/library/tool:1
  compose image push -q localhost:5002/library/tool:1 >/dev/null
  forget localhost:5000/library/tool:1
  # Nobody there; an HTML page; nothing of it; then the one that has it.
  configure 5002 '"faults": [{"match": "manifests", "times": 1, "status": 200, "headers": {"Content-Type": "text/html"}, "body": "<html>sign in</html>"}]'
  client '"mirrors": {"docker.io": ["http://localhost:5999", "http://localhost:5002", "http://localhost:5000/nothing", "http://localhost:5000"]}'
  compose image pull tool:1 >out 2>&1
  matches "$(cat out)" "mirror 'http://localhost:5999/' of docker.io: connect to localhost:5999: Connection refused"
  matches "$(cat out)" "mirror 'http://localhost:5002/' of docker.io: the registry answered with an HTML page instead of a manifest"
  matches "$(cat out)" "mirror 'http://localhost:5000/nothing/?' of docker.io: it is not in the registry: status 404"
  equal 1 "$(grep -c 5999 out)"
  compose image verify >/dev/null
  # Wrong bytes of a layer, or none any more: the next one gives them.
  local fault
  for fault in '"wrong": true' '"cut": 1000, "times": 9' '"stall": 9, "times": 9' '"status": 404, "times": 9' '"status": 500, "times": 9' '"status": 200, "body": "short"'; do
    forget tool:1
    configure 5002 '"faults": [{"match": "GET .*/blobs/sha256:'"$(noise_digest)"'", '"$fault"'}]'
    client '"mirrors": {"docker.io": ["http://localhost:5002", "http://localhost:5000"]}'
    compose image pull tool:1 >out 2>&1
    matches "$(cat out)" "mirror .*5002.* of docker.io|mirror of docker.io: layer"
    compose image verify >verdict
    matches "$(cat verdict)" "1 images, 2 layers, 2 blobs checked: clean"
  done
  forget tool:1
}
# The digest of the large layer, as the first registry has it.
noise_digest() {
  curl -fsS http://127.0.0.1:5000/v2/library/tool/manifests/1 | python3 -c 'import json, sys; print(max(json.load(sys.stdin)["layers"], key=lambda l: l["size"])["digest"][7:])'
}

test_a_busy_registry_is_asked_again_when_it_says_so() {
  serve
  client
  built localhost:5000/a:1
  compose push -q
  forget localhost:5000/a:1
  configure 5000 '"faults": [{"match": "manifests", "status": 429, "headers": {"Retry-After": "2"}}, {"match": "blobs", "status": 502, "times": 2}, {"match": "blobs", "cut": 100000, "times": 3}]'
  local began took
  began=$(now_ms)
  compose image pull -q localhost:5000/a:1 >/dev/null
  took=$(($(now_ms) - began))
  ((took >= 2000))
  configure 5000 '"faults": [{"match": "manifests", "status": 500, "times": 9, "body": "{\"errors\": [{\"message\": \"out of order\"}]}"}]'
  equal "pull 'localhost:5000/a:1': the registry localhost:5000 refuses: status 500: out of order" "$(compose image pull -q localhost:5000/a:1 2>&1)"
  equal 4 "$(grep -c 'manifests/1 500' log-5000)"
  configure 5000 '"faults": [{"match": "manifests", "status": 403, "times": 9}]'
  matches "$(compose image pull -q localhost:5000/a:1 2>&1)" "pull access denied for localhost:5000/a"
  equal 1 "$(grep -c 'manifests/1 403' log-5000)"
}

test_a_push_goes_on_when_uploads_fail_or_are_forgotten() {
  serve
  client '"attempts": 9'
  built localhost:5000/a:1
  configure 5000 '"faults": [{"match": "PUT .*uploads", "status": 404}, {"match": "PUT .*uploads", "status": 416}, {"match": "PUT .*uploads", "status": 503, "times": 2},
    {"match": "POST .*uploads", "status": 500}, {"match": "HEAD", "status": 502}, {"match": "PUT .*manifests", "status": 500}]'
  compose push -q
  configure 5000
  # A repository that refuses to give a layer away: it is sent.
  compose image tag localhost:5000/a:1 localhost:5000/b:1
  configure 5000 '"faults": [{"match": "POST .*mount=", "status": 403, "times": 9}]'
  compose image push -q localhost:5000/b:1 >/dev/null
  equal "$(registry_digest a:1)" "$(registry_digest b:1)"
  configure 5000 '"faults": [{"match": "POST .*uploads", "status": 403, "times": 99, "body": "{\"errors\": [{\"message\": \"quota exceeded\"}]}"}]'
  compose image tag localhost:5000/a:1 localhost:5000/c:1
  matches "$(compose image push -q localhost:5000/c:1 2>&1)" "push 'localhost:5000/c:1': layer sha256:[0-9a-f]{64}: push access denied for localhost:5000/c: .*quota exceeded"
  configure 5000
  forget localhost:5000/a:1
  compose image prune -af >/dev/null
  compose image pull -q localhost:5000/b:1 >/dev/null
  compose image verify >/dev/null
}

test_a_killed_pull_goes_on_where_it_was() {
  serve
  client
  built localhost:5000/a:1
  compose push -q
  forget localhost:5000/a:1
  configure 5000 '"faults": [{"match": "GET .*blobs/sha256:'"$(noise_digest_of a)"'", "cut": 2000000, "times": 1}, {"match": "GET .*blobs/sha256:'"$(noise_digest_of a)"'", "stall": 60, "times": 9}]'
  client '"stall_timeout": "60s"'
  compose image pull -q localhost:5000/a:1 >/dev/null 2>&1 &
  local pid=$!
  eventually 10 grew 1900000
  kill -9 $pid
  wait $pid || true
  eventually 5 no_pull
  matches "$(compose image verify)" "1 unfinished downloads of [12].*MB.*0 images, 0 layers, 0 blobs checked: clean"
  configure 5000
  client
  : >log-5000
  compose image pull -q localhost:5000/a:1 >/dev/null
  local from
  from=$(awk '/blobs/ && $5 ~ /^bytes=/ { print substr($5, 7) + 0 }' log-5000)
  ((from >= 1900000))
  equal "1 images, 2 layers, 2 blobs checked: clean" "$(compose image verify)"
  equal "" "$(ls "$COMPOSE_DATA_ROOT/images/partial")"
}
grew() { (($(cat "$COMPOSE_DATA_ROOT"/images/partial/* 2>/dev/null | wc -c) > $1)); }
no_pull() { [[ -z $(ps -eo args | grep '[c]ompose image pull') ]]; }

test_an_unfinished_download_with_wrong_bytes_is_begun_anew() {
  serve
  client
  built localhost:5000/a:1
  compose push -q
  forget localhost:5000/a:1
  configure 5000 '"faults": [{"match": "GET .*blobs/sha256:'"$(noise_digest_of a)"'", "cut": 1000000, "times": 1}, {"match": "GET .*blobs/sha256:'"$(noise_digest_of a)"'", "status": 500, "times": 99}]'
  matches "$(compose image pull -q localhost:5000/a:1 2>&1)" "pull 'localhost:5000/a:1': layer sha256:[0-9a-f]{64}: status 500"
  equal 1 "$(ls "$COMPOSE_DATA_ROOT/images/partial" | wc -l)"
  local file
  configure 5000
  for file in "$COMPOSE_DATA_ROOT"/images/partial/*; do
    printf 'rubbish' | dd of="$file" bs=1 seek=500000 conv=notrunc status=none
  done
  compose image pull -q localhost:5000/a:1 >/dev/null
  equal "1 images, 2 layers, 2 blobs checked: clean" "$(compose image verify)"
  # Larger than the blob, or as large and wrong, or whole.
  local content
  for content in larger wrong whole; do
    forget localhost:5000/a:1
    file=$COMPOSE_DATA_ROOT/images/partial/$(noise_digest_of a)
    curl -fsS "http://127.0.0.1:5000/v2/a/blobs/sha256:$(noise_digest_of a)" >blob
    case $content in
      larger) cat blob blob >"$file" ;;
      wrong) head -c "$(stat -c %s blob)" /dev/zero >"$file" ;;
      whole) cp blob "$file" ;;
    esac
    compose image pull -q localhost:5000/a:1 >/dev/null
    equal "1 images, 2 layers, 2 blobs checked: clean" "$(compose image verify)"
  done
  # Nobody comes for it: a day later it goes, and at once when it is asked for.
  forget localhost:5000/a:1
  echo old >"$COMPOSE_DATA_ROOT/images/partial/$(printf 'a%.0s' {1..64})"
  echo new >"$COMPOSE_DATA_ROOT/images/partial/$(printf 'b%.0s' {1..64})"
  touch -d '2 days ago' "$COMPOSE_DATA_ROOT"/images/partial/a*
  compose image pull -q localhost:5000/a:1 >/dev/null
  equal "$(printf 'b%.0s' {1..64})" "$(ls "$COMPOSE_DATA_ROOT/images/partial")"
  compose image prune -f >/dev/null
  equal "" "$(ls "$COMPOSE_DATA_ROOT/images/partial")"
}
noise_digest_of() {
  curl -fsS "http://127.0.0.1:5000/v2/$1/manifests/1" | python3 -c 'import json, sys; print(max(json.load(sys.stdin)["layers"], key=lambda l: l["size"])["digest"][7:])'
}

test_two_pulls_of_one_image_at_the_same_time_do_not_meet() {
  serve
  client
  built localhost:5000/a:1
  compose push -q
  local i
  for i in $(rounds 5); do
    forget localhost:5000/a:1
    configure 5000 '"faults": [{"match": "GET .*blobs", "cut": 700000, "times": 5}]'
    compose image pull -q localhost:5000/a:1 >/dev/null &
    compose image pull -q localhost:5000/a:1 >/dev/null &
    compose image pull -q localhost:5000/a:1 >/dev/null
    wait %2 %3
    equal "1 images, 2 layers, 2 blobs checked: clean" "$(compose image verify)"
    configure 5000
  done
}

pulling() { compose image pull -q "$1" 2>&1 | tail -n 1; }

test_a_pull_that_is_refused_says_whether_somebody_asked() {
  serve 5000 '"auth": "basic"'
  client
  equal "pull 'localhost:5000/a:1': pull access denied for localhost:5000/a: it does not exist or needs credentials, and there are none for 'localhost:5000' (status 401: authentication required)" "$(pulling localhost:5000/a:1)"
  login localhost:5000 ann:wrong
  equal "pull 'localhost:5000/a:1': pull access denied for localhost:5000/a: 'localhost:5000' does not accept user 'ann' (status 401: authentication required)" "$(pulling localhost:5000/a:1)"
  login localhost:5000
  configure 5000 '"auth": "basic", "faults": [{"match": "manifests", "status": 403, "times": 9, "body": "{\"errors\": [{\"message\": \"no way\"}]}"}]'
  equal "pull 'localhost:5000/a:1': pull access denied for localhost:5000/a: it does not exist, or user 'ann' is not allowed to (status 403: no way)" "$(pulling localhost:5000/a:1)"
  configure 5000 '"auth": "bearer"'
  login localhost:5000 ann:wrong
  equal "pull 'localhost:5000/a:1': 127.0.0.1:5001 gives no token for 'a': 'localhost:5000' does not accept user 'ann' (status 401: who are you?)" "$(pulling localhost:5000/a:1)"
}

test_an_unknown_tag_and_an_unknown_repository_are_told_apart() {
  serve
  client
  built localhost:5000/team/a:1
  compose push -q
  local none
  none=sha256:$(printf 'b%.0s' {1..64})
  equal "pull 'localhost:5000/team/a:9': the repository 'localhost:5000/team/a' has no tag '9' (status 404: manifest unknown)" "$(pulling localhost:5000/team/a:9)"
  equal "pull 'localhost:5000/team/a@$none': the repository 'localhost:5000/team/a' has no manifest '$none' (status 404: manifest unknown)" "$(pulling "localhost:5000/team/a@$none")"
  equal "pull 'localhost:5000/team/b:1': the registry localhost:5000 has no repository 'team/b' (status 404: manifest unknown)" "$(pulling localhost:5000/team/b:1)"
  # The registry that most people run says the same.
  registry_start 5009
  compose image tag localhost:5000/team/a:1 localhost:5009/team/a:1
  compose image push -q localhost:5009/team/a:1 >/dev/null
  matches "$(pulling localhost:5009/team/a:9)" "^pull 'localhost:5009/team/a:9': the repository 'localhost:5009/team/a' has no tag '9' \(status 404: manifest unknown\)$"
  matches "$(pulling localhost:5009/team/b:9)" "^pull 'localhost:5009/team/b:9': the registry localhost:5009 has no repository 'team/b' \(status 404: manifest unknown\)$"
}

test_where_nobody_has_it_each_mirror_is_told_of() {
  serve 5000
  client '"mirrors": {"localhost:5998": ["http://localhost:5999", "http://localhost:5000"]}'
  equal "pull 'localhost:5998/tool:1': connect to localhost:5998: Connection refused; mirror 'http://localhost:5999/' of localhost:5998: connect to localhost:5999: Connection refused; mirror 'http://localhost:5000/' of localhost:5998: the registry localhost:5998 has no repository 'tool' (status 404: manifest unknown)" "$(pulling localhost:5998/tool:1)"
}

test_what_is_wrong_with_tls_is_said() {
  authority registry.test
  { cat /etc/hosts; echo "127.0.0.1 registry.test other.test"; } >hosts
  over hosts /etc/hosts
  serve 5443 '"tls": {"cert": "certificate.cert", "key": "certificate.key"}'
  serve 5000
  mkdir -p certs/registry.test:5443 certs/other.test:5443
  client "\"certificates\": \"$PWD/certs\""
  equal "pull 'registry.test:5443/a:1': the certificate of 'registry.test' is not trusted: unable to get local issuer certificate" "$(pulling registry.test:5443/a:1)"
  cp ca.crt certs/other.test:5443/
  equal "pull 'other.test:5443/a:1': the certificate of 'other.test' is not trusted: hostname mismatch" "$(pulling other.test:5443/a:1)"
  cp client.cert certs/registry.test:5443/ca.crt
  equal "pull 'registry.test:5443/a:1': the certificate of 'registry.test' is not trusted: unable to get local issuer certificate" "$(pulling registry.test:5443/a:1)"
  echo nonsense >certs/registry.test:5443/ca.crt
  matches "$(pulling registry.test:5443/a:1)" "^pull 'registry.test:5443/a:1': read certificates from '$PWD/certs/registry.test:5443/ca.crt': "
  # A server that does not speak TLS at all.
  equal "pull 'registry.test:5000/a:1': registry.test:5000 does not speak TLS: wrong version number" "$(pulling registry.test:5000/a:1)"
}

run_tests "$@"
