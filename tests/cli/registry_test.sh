#!/bin/bash
# Images between registries and the store, with Debian's docker-registry on loopback and foreign clients at its other end.
. "$(dirname "$0")/../support/cli.sh"
. "$source_root/tests/support/registry.sh"

# built NAME: an image in our store, made from a Dockerfile.
built() {
  busybox_image image
  printf 'FROM scratch\nADD rootfs.tar /\nRUN echo %s >/made && mkdir /d && ln -s /made /d/link && ln /made /d/hard\nCMD ["cat", "/made"]\n' \
    "$1" >image/Dockerfile
  printf 'services:\n  one: {image: "%s", build: ./image}\n' "$1" >compose.yaml
  compose build -q
}

skopeo_copy() { skopeo copy -q --insecure-policy --src-tls-verify=false --dest-tls-verify=false "$@"; }

test_an_image_pushed_by_skopeo_is_pulled_and_pushed_by_us_and_pulled_by_podman_with_one_digest() {
  need docker-registry skopeo podman
  trap_registry
  registry_start
  built localhost:5000/first:1
  compose image save -o first.tar localhost:5000/first:1
  compose image rm localhost:5000/first:1
  skopeo_copy docker-archive:first.tar docker://localhost:5000/first:1
  compose image pull -q localhost:5000/first:1
  compose image tag localhost:5000/first:1 localhost:5000/second:1
  compose image push -q localhost:5000/second:1 >pushed
  equal "$(registry_digest first:1)" "$(registry_digest second:1)"
  equal "localhost:5000/second:1@$(registry_digest first:1)" "$(cat pushed)"
  podman --root "$scratch/podman" --runroot "$scratch/podman-run" --storage-driver vfs pull -q --tls-verify=false localhost:5000/second:1
  equal "$(registry_digest first:1)" \
    "$(podman --root "$scratch/podman" --runroot "$scratch/podman-run" --storage-driver vfs image inspect -f '{{.Digest}}' localhost:5000/second:1)"
}

test_zstd_and_gzip_layers_of_both_manifest_forms_are_pulled() {
  need docker-registry skopeo
  trap_registry
  registry_start
  built localhost:5000/a:1
  compose image save -o a.tar localhost:5000/a:1
  compose image rm localhost:5000/a:1
  local format compression
  for format in oci v2s2; do
    for compression in gzip zstd; do
      [[ $format$compression != v2s2zstd ]] || continue
      skopeo_copy --format $format --dest-compress-format $compression docker-archive:a.tar docker://localhost:5000/b:$format-$compression
      compose image pull -q localhost:5000/b:$format-$compression
      printf 'services:\n  one: {image: "localhost:5000/b:%s", network_mode: none}\n' $format-$compression >compose.yaml
      equal localhost:5000/a:1 "$(compose run --rm -T one)"
      compose image rm -f localhost:5000/b:$format-$compression
      compose image prune -a -f
    done
  done
}

test_what_a_registry_has_is_not_sent_again_and_another_repository_is_mounted_from() {
  need docker-registry
  trap_registry
  registry_start
  built localhost:5000/a:1
  compose push >first 2>&1
  matches "$(cat first)" "Image localhost:5000/a:1 Pushed"
  equal "$(compose image inspect localhost:5000/a:1 | python3 -c 'import json, sys; print(len(json.load(sys.stdin)[0]["RootFS"]["Layers"]))')" "$(grep -Eo '^ *[0-9a-f]{12} ' first | sort -u | wc -l)"
  compose push >again 2>&1
  lacks "$(cat again)" "[0-9a-f]{12} Pushing"
  matches "$(cat again)" "[0-9a-f]{12} Already exists"
  compose image tag localhost:5000/a:1 localhost:5000/other/b:1
  compose image push localhost:5000/other/b:1 >mounted 2>&1
  matches "$(cat mounted)" "[0-9a-f]{12} Mounted"
  equal "$(registry_digest a:1)" "$(registry_digest other/b:1)"
}

test_up_pulls_what_is_missing_and_the_policies_decide() {
  need docker-registry
  trap_registry
  registry_start
  built localhost:5000/a:1
  compose push -q
  compose image rm localhost:5000/a:1
  write() { printf 'services:\n  one: {image: "localhost:5000/a:1", command: sleep infinity, init: true, network_mode: none%s}\n' "$1" >compose.yaml; }
  write ', pull_policy: never'
  equal 'service "one": image '\''localhost:5000/a:1'\'' is not present locally: pull, build or load it' "$(compose up -d 2>&1)"
  write ''
  matches "$(compose up -d 2>&1)" "Image localhost:5000/a:1 Pulling.*Image localhost:5000/a:1 Pulled.*Container t-one-1 Started"
  lacks "$(compose up -d 2>&1)" Pulling
  matches "$(compose up -d --pull always 2>&1)" "Image localhost:5000/a:1 Pulled.*Container t-one-1 Running"
  write ', pull_policy: every_1h'
  lacks "$(compose up -d 2>&1)" Pulling
  write ', pull_policy: every_1s'
  sleep 1.1
  matches "$(compose up -d 2>&1)" "Pulled"
  matches "$(compose pull --policy missing 2>&1)" "Image localhost:5000/a:1 Skipped Image is already present locally"
  compose down -t 0
}

test_credentials_come_from_the_docker_config_and_go_nowhere_else() {
  need docker-registry htpasswd
  trap_registry
  mkdir -p docker
  htpasswd -Bbn ann secret >users
  registry_start 5000 "auth: {htpasswd: {realm: test, path: $PWD/users}}"
  built localhost:5000/a:1
  export DOCKER_CONFIG=$PWD/docker
  equal "push 'localhost:5000/a:1': layer $(compose push 2>&1 | sed -n 's/.*layer \(sha256:[0-9a-f]*\): .*/\1/p'): push access denied for localhost:5000/a: it does not exist or needs credentials, and there are none for 'localhost:5000' (status 401)" \
    "$(compose push -q 2>&1)"
  printf '{"auths": {"localhost:5000": {"auth": "%s"}}}' "$(printf ann:secret | base64)" >docker/config.json
  compose push -q
  mkdir bin
  printf '#!/bin/sh\nread -r server; echo "$server" >%s/asked\necho "{\\"Username\\": \\"ann\\", \\"Secret\\": \\"secret\\"}"\n' "$PWD" >bin/docker-credential-test
  chmod +x bin/docker-credential-test
  printf '{"credHelpers": {"localhost:5000": "test"}}' >docker/config.json
  compose image rm localhost:5000/a:1
  PATH=$PWD/bin:$PATH compose pull -q
  equal localhost:5000 "$(cat asked)"
}

test_tls_is_verified_with_the_authority_of_the_registry() {
  need docker-registry openssl
  trap_registry
  openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out ca.crt -days 2 -subj /CN=registry.test -addext subjectAltName=DNS:registry.test 2>/dev/null
  echo "127.0.0.1 registry.test" >>hosts
  mount --bind hosts /etc/hosts
  registry_start 5443 "" ", tls: {certificate: $PWD/ca.crt, key: $PWD/key.pem}"
  built registry.test:5443/a:1
  matches "$(compose push -q 2>&1)" "the certificate of 'registry.test' is not trusted: self.signed certificate"
  mkdir -p certs/registry.test:5443
  cp ca.crt certs/registry.test:5443/
  printf '{"certificates": "%s"}' "$PWD/certs" >registries.json
  COMPOSE_REGISTRIES_FILE=$PWD/registries.json compose push -q
  compose image rm registry.test:5443/a:1
  COMPOSE_INSECURE_REGISTRIES=registry.test:5443 compose pull -q
  umount /etc/hosts
}

test_a_mirror_stands_in_for_its_registry() {
  need docker-registry
  trap_registry
  registry_start
  built localhost:5000/library/tool:1
  compose push -q
  compose image rm localhost:5000/library/tool:1
  printf '{"mirrors": {"docker.io": ["http://localhost:5000"]}}' >registries.json
  COMPOSE_REGISTRIES_FILE=$PWD/registries.json compose image pull -q tool:1
  equal "tool 1" "$(compose image ls --format json | python3 -c 'import json, sys; print(*[i["Repository"] + " " + i["Tag"] for i in json.load(sys.stdin)])')"
}

test_an_image_is_chosen_by_platform_and_found_by_digest() {
  need docker-registry skopeo
  trap_registry
  registry_start
  built localhost:5000/a:1
  compose push -q
  local manifest
  manifest=$(registry_digest a:1)
  # An index with one entry, for this machine.
  printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[
    {"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"%s","size":%d,"platform":{"os":"linux","architecture":"%s"}}]}' \
    "$manifest" "$(curl -fsS -H 'Accept: application/vnd.oci.image.manifest.v1+json' http://127.0.0.1:5000/v2/a/manifests/1 | wc -c)" \
    "$(dpkg --print-architecture)" >index.json
  curl -fsS -X PUT -H 'Content-Type: application/vnd.oci.image.index.v1+json' --data-binary @index.json http://127.0.0.1:5000/v2/a/manifests/multi
  compose image rm localhost:5000/a:1
  compose image pull -q localhost:5000/a:multi
  equal "pull 'localhost:5000/a:multi': there is no image for linux/s390x in it, only for linux/$(dpkg --print-architecture)" \
    "$(compose image pull -q --platform linux/s390x localhost:5000/a:multi 2>&1)"
  compose image rm localhost:5000/a:multi
  compose image pull -q "localhost:5000/a@$(registry_digest a:multi)"
  printf 'services:\n  one: {image: "localhost:5000/a@%s", network_mode: none}\n' "$(registry_digest a:multi)" >compose.yaml
  equal localhost:5000/a:1 "$(compose run --rm -T one)"
  printf 'services:\n  one: {image: "localhost:5000/a:multi"}\n' >compose.yaml
  matches "$(compose config --resolve-image-digests)" "image: localhost:5000/a:multi@$(registry_digest a:multi)"
}

run_tests "$@"
