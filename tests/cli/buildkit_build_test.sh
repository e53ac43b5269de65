#!/bin/bash
# Dockerfiles give the files and the configuration that BuildKit gives them: tests/differential/buildkit/expected has what it built,
# and `record` beside it builds that anew.
. "$(dirname "$0")/../support/cli.sh"
. "$source_root/tests/support/build.sh"

builds=$source_root/tests/differential/buildkit

test_dockerfiles_give_what_buildkit_builds() {
  local dockerfile name different=()
  build_all "$builds"
  for dockerfile in "$builds"/*.dockerfile; do
    name=$(basename "$dockerfile" .dockerfile)
    compose image save -o ours.tar "test/$name"
    "$builds/listing.py" base.tar ours.tar >listing
    diff -U 0 "$builds/expected/$name" listing || different+=("$name")
  done
  equal "" "${different[*]}"
}

run_tests "$@"
