# A registry of our own for one test: Debian's docker-registry on loopback. Sourced by whole-program tests.
#   registry_start [PORT] [EXTRA CONFIG]   waits until it answers; ends with the test
registry_start() {
  local port=${1:-5000} directory=$scratch/registry-${1:-5000}
  mkdir -p "$directory"
  cat >"$directory/config.yml" <<END
version: 0.1
log: {level: warn, accesslog: {disabled: false}}
storage: {filesystem: {rootdirectory: $directory/data}, delete: {enabled: true}}
http: {addr: "127.0.0.1:$port"${3:-}}
${2:-}
END
  docker-registry serve "$directory/config.yml" >"$directory/log" 2>&1 &
  registry_pids+=($!)
  eventually 10 curl -sko /dev/null "http://127.0.0.1:$port/v2/"
}

registry_stop() {
  local pid
  for pid in "${registry_pids[@]}"; do kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null || true; done
  registry_pids=()
}
registry_pids=()
trap_registry() { trap registry_stop EXIT; }

need() {  # need PROGRAM...: the test is skipped without them
  local program
  for program in "$@"; do type -P "$program" >/dev/null || skip_test "$program is not installed"; done
}

# The digest under which a registry has a manifest: registry_digest NAME:TAG [PORT]
registry_digest() {
  local name=${1%:*} tag=${1##*:}
  curl -fsSI -H 'Accept: application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.docker.distribution.manifest.v2+json' \
    "http://127.0.0.1:${2:-5000}/v2/$name/manifests/$tag" | tr -d '\r' | awk 'tolower($1) == "docker-content-digest:" { print $2 }'
}
