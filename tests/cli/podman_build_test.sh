#!/bin/bash
# The same Dockerfiles built by us and by podman: the same files and the same configuration. Both get the base image once, and
# we build all of them with one command.
. "$(dirname "$0")/../support/cli.sh"
. "$source_root/tests/support/registry.sh"
. "$source_root/tests/support/build.sh"

builds=$source_root/tests/differential/builds

podman() {
  TMPDIR=$scratch/temporary command podman --root "$scratch/podman" --runroot "$scratch/podman-run" --storage-driver vfs "$@"
}

prepare() {
  need podman setfattr
  trap 'umount -R "$scratch/podman" 2>/dev/null || true' EXIT
  mkdir "$scratch/temporary"
  build_all "$builds"
  podman load -q -i base.tar
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
