#!/bin/bash
# Dockerfiles give the files and the configuration that BuildKit gives them: tests/differential/buildkit/expected has what it built,
# and `record` beside it builds that anew.
. "$(dirname "$0")/../support/cli.sh"

builds=$source_root/tests/differential/buildkit

test_dockerfiles_give_what_buildkit_builds() {
  local dockerfile name different=()
  mkdir context
  "$builds/context" context
  busybox_image base
  printf 'services:\n  base: {image: localhost/base, build: ./base}\n' >base.yaml
  compose -f base.yaml build -q
  compose image save -o base.tar localhost/base
  echo 'services:' >compose.yaml
  for dockerfile in "$builds"/*.dockerfile; do
    name=$(basename "$dockerfile" .dockerfile)
    printf '  %s: {image: test/%s, build: {context: ./context, dockerfile: %s, args: {GIVEN: given}}}\n' "$name" "$name" "$dockerfile"
  done >>compose.yaml
  compose build -q
  for dockerfile in "$builds"/*.dockerfile; do
    name=$(basename "$dockerfile" .dockerfile)
    compose image save -o ours.tar "test/$name"
    "$builds/listing.py" base.tar ours.tar >listing
    diff -U 0 "$builds/expected/$name" listing || different+=("$name")
  done
  equal "" "${different[*]}"
}

run_tests "$@"
