#!/bin/bash
# kill -9 at any instant of a pull, load, build or prune: the store proves clean, and the next command works.
# COMPOSE_CRASH_RUNS: how many times each (default 3; 50 makes 200 in all).
. "$(dirname "$0")/../support/cli.sh"
. "$source_root/tests/support/registry.sh"
runs=${COMPOSE_CRASH_RUNS:-3}

# killed MILLISECONDS FUNCTION: runs it and kills it then. What it forked dies with it.
killed() {
  local at=$1
  shift
  "$@" >/dev/null 2>&1 &
  local pid=$!
  sleep "$(printf '0.%03d' "$at")"
  kill -9 $pid 2>/dev/null || true
  wait $pid 2>/dev/null || true
}

clean() {
  compose image verify >verdict || { cat verdict; return 1; }
  matches "$(cat verdict)" "checked: clean"
}

# crash_runs: for each run, `before`, `whole_program` killed at a moment of its own, a clean store, and `whole`, which must work.
crash_runs() {
  local run began took
  before
  began=$(now_ms)
  whole
  took=$(($(now_ms) - began))
  for ((run = 0; run < runs; run++)); do
    before
    killed $((took * (run * 2 + 1) / (runs * 2) % 1000)) whole_program
    clean
    whole
    clean
  done
}

# big NAME: a context with some layers that take a while.
big() {
  busybox_image image
  printf 'FROM scratch\nADD rootfs.tar /\nRUN seq 300000 >/a && mkdir /d && for i in $(seq 300); do echo $i >/d/$i; done\nCOPY data /data\nRUN rm -r /d && seq 200000 >/b\n' \
    >image/Dockerfile
  [[ -f image/data ]] || seq 400000 >image/data
  printf 'services:\n  one: {image: "localhost:5000/%s:1", build: ./image}\n' "$1" >compose.yaml
}

test_a_killed_build_leaves_a_clean_store() {
  big built
  before() { compose image rm localhost:5000/built:1 >/dev/null 2>&1 || true; compose image prune -af --build-cache >/dev/null; }
  whole_program() { exec compose build -q; }
  whole() { compose build -q; }
  crash_runs
}

test_a_killed_load_leaves_a_clean_store() {
  big loaded
  compose build -q
  compose image save -o saved.tar localhost:5000/loaded:1
  gzip -1 saved.tar
  before() { compose image rm localhost:5000/loaded:1 >/dev/null 2>&1 || true; compose image prune -af --build-cache >/dev/null; }
  whole_program() { exec compose image load -qi saved.tar.gz; }
  whole() { compose image load -qi saved.tar.gz; }
  crash_runs
}

test_a_killed_pull_leaves_a_clean_store() {
  need docker-registry
  trap_registry
  registry_start
  big pulled
  compose build -q --push
  before() { compose image rm localhost:5000/pulled:1 >/dev/null 2>&1 || true; compose image prune -af --build-cache >/dev/null; }
  whole_program() { exec compose image pull -q localhost:5000/pulled:1; }
  whole() { compose image pull -q localhost:5000/pulled:1 >/dev/null; }
  crash_runs
}

test_a_killed_prune_leaves_a_clean_store() {
  big pruned
  before() { compose build -q; }
  whole_program() { exec compose image prune -af --build-cache; }
  whole() { compose image prune -af --build-cache >/dev/null; }
  crash_runs
}

test_what_is_damaged_is_found_and_mended() {
  big mended
  compose build -q
  compose image save -o saved.tar localhost:5000/mended:1
  compose image prune -af --build-cache >/dev/null
  # Packed layers keep their archives, from which they are mended.
  gzip -1 saved.tar
  compose image load -qi saved.tar.gz
  clean
  local file
  file=$(find "$COMPOSE_DATA_ROOT/images/layers" -name a -type f)
  echo rubbish >>"$file"
  matches "$(compose image verify 2>&1 || true)" "layer sha256:[0-9a-f]{64}: its files are not what they were"
  compose image verify --repair >verdict
  matches "$(cat verdict)" "its files are not what they were \(repaired\).*1 damaged, 1 repaired"
  clean
  echo rubbish >>"$(find "$COMPOSE_DATA_ROOT/images/blobs/sha256" -type f | head -n 1)"
  matches "$(compose image verify --repair)" "its archive has the digest .* \(repaired\)"
  clean
  # One layer has no archive any more. Whether it is the one whose directory goes is as the file system lists them.
  rm -r "$(find "$COMPOSE_DATA_ROOT/images/layers" -mindepth 1 -maxdepth 1 | head -n 1)" "$COMPOSE_DATA_ROOT"/images/blobs/sha256/*
  matches "$(compose image verify --repair 2>&1 || true)" "its (archive|directory) is missing; it cannot be mended: pull, build or load its image again"
  compose image load -qi saved.tar.gz
  clean
}

run_tests "$@"
