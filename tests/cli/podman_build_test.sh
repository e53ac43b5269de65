#!/bin/bash
# The same Dockerfiles built by us and by podman: the same files and the same configuration. Both get the base image once, and
# we build all of them with one command.
. "$(dirname "$0")/../support/cli.sh"
. "$source_root/tests/support/registry.sh"

builds=$source_root/tests/differential/builds

podman() {
  TMPDIR=$scratch/temporary command podman --root "$scratch/podman" --runroot "$scratch/podman-run" --storage-driver vfs "$@"
}

prepare() {
  need podman setfattr
  trap 'umount -R "$scratch/podman" 2>/dev/null || true' EXIT
  mkdir "$scratch/temporary" context
  busybox_image base
  printf 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n' >>base/Dockerfile
  printf 'services: {base: {image: localhost/base, build: ./base}}' >base.yaml
  compose -f base.yaml build -q
  compose image save -o base.tar localhost/base
  podman load -q -i base.tar
  "$builds/context" context "$PWD/base/rootfs.tar"
}

by_podman() {  # by_podman DOCKERFILE: as NAME.tar
  local name layers=false
  name=$(basename "$1" .dockerfile)
  [[ $name != names ]] || layers=true  # otherwise its steps cannot be another user
  podman build -q --layers=$layers --format docker --isolation chroot --build-arg GIVEN=given -f "$1" -t "test/$name" context
  podman save -q --format docker-archive -o "$name.tar" "localhost/test/$name"
}

test_dockerfiles_give_what_podman_builds() {
  prepare
  local dockerfile name different=()
  echo 'services:' >compose.yaml
  for dockerfile in "$builds"/*.dockerfile; do
    name=$(basename "$dockerfile" .dockerfile)
    printf '  %s: {image: test/%s, build: {context: ./context, dockerfile: %s, args: {GIVEN: given}}}\n' "$name" "$name" "$dockerfile"
  done >>compose.yaml
  compose build -q
  for dockerfile in "$builds"/*.dockerfile; do
    while (($(jobs -rp | wc -l) >= 2)); do wait -n; done
    by_podman "$dockerfile" >/dev/null &
  done
  wait
  for dockerfile in "$builds"/*.dockerfile; do
    name=$(basename "$dockerfile" .dockerfile)
    echo "== $name"
    compose image save -o ours.tar "test/$name"
    "$builds/compare.py" ours.tar "$name.tar" || different+=("$name")
  done
  equal "" "${different[*]}"
}

run_tests "$@"
