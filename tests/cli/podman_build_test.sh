#!/bin/bash
# The same Dockerfiles built by us and by podman: the same files and the same configuration.
. "$(dirname "$0")/../support/cli.sh"
. "$source_root/tests/support/registry.sh"

podman() {
  command podman --root "$scratch/podman" --runroot "$scratch/podman-run" --storage-driver vfs "$@"
}

# same CASE: builds tests/differential/builds/CASE.dockerfile with both.
same() {
  need podman setfattr
  local builds=$source_root/tests/differential/builds
  busybox_image image
  local layers=false
  [[ $1 != names ]] || layers=true  # otherwise podman's steps cannot be another user
  mkdir context
  "$builds/context" context "$PWD/image/rootfs.tar"
  cp "$builds/$1.dockerfile" context/Dockerfile
  printf 'services:\n  one:\n    image: test/%s\n    build: {context: ./context, args: {GIVEN: given}}\n' "$1" >compose.yaml
  compose build -q
  compose image save -o ours.tar "test/$1"
  trap 'umount -R "$scratch/podman" 2>/dev/null || true' EXIT
  podman build -q --layers=$layers --format docker --isolation chroot --build-arg GIVEN=given -t "test/$1" context
  podman save -q --format docker-archive -o theirs.tar "localhost/test/$1"
  "$builds/compare.py" ours.tar theirs.tar
}

for dockerfile in "$source_root"/tests/differential/builds/*.dockerfile; do
  case_name=$(basename "$dockerfile" .dockerfile)
  eval "test_${case_name}_gives_what_podman_builds() { same $case_name; }"
done

run_tests "$@"
