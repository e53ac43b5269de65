# Shared by tests/run and the examples' run scripts: packages, configure, build. Sourced with bash; $source_root is set here.
source_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
export DEBIAN_FRONTEND=noninteractive LC_ALL=C

exec </dev/null

# Milliseconds of a clock.
now_ms() {
  local t=${EPOCHREALTIME/[.,]/}
  echo $((t / 1000))
}

# install_packages build|example|test...: what cmake/packages/* name; a quick no-op where everything is there. Without apt-get (a guest) nothing is done.
install_packages() {
  command -v apt-get >/dev/null || return 0
  local package missing=()
  for package in $(cd "$source_root/cmake/packages" && cat "$@"); do
    [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || missing+=("$package")
  done
  ((${#missing[@]})) || return 0
  echo "installing ${missing[*]}"
  if ! apt-get install -y -qq --no-install-recommends "${missing[@]}" >/tmp/compose-apt.log 2>&1; then
    apt-get update -qq >>/tmp/compose-apt.log 2>&1
    apt-get install -y -qq --no-install-recommends "${missing[@]}" >>/tmp/compose-apt.log 2>&1 ||
      { tail -n 20 /tmp/compose-apt.log >&2; return 1; }
  fi
}

# build_preset PRESET [TARGET...]: configures and builds; shows the end of the log where that does not work.
build_preset() {
  local preset=$1 log
  shift
  mkdir -p "$source_root/build"
  log=$source_root/build/$preset.log
  (cd "$source_root" && cmake --preset "$preset" && cmake --build --preset "$preset" ${1:+--target "$@"}) >"$log" 2>&1 ||
    { grep -E 'error|FAILED|undefined' "$log" | head -n 40; tail -n 20 "$log"; return 1; } >&2
}

# busybox_rootfs FILE: a tar of a minimal Debian busybox root file system.
busybox_rootfs() {
  local file=$1 root applet
  root=$(mktemp -d)
  mkdir -p "$root"/{bin,etc,tmp,root,proc,sys,dev,var,app} "$(dirname "$file")"
  chmod 1777 "$root/tmp"
  cp "$(command -v busybox)" "$root/bin/busybox"
  for applet in $("$root/bin/busybox" --list); do
    [[ $applet == busybox ]] || ln -s busybox "$root/bin/$applet"
  done
  echo 'root:x:0:0:root:/root:/bin/sh' >"$root/etc/passwd"
  echo 'nobody:x:65534:65534:nobody:/:/bin/false' >>"$root/etc/passwd"
  printf 'root:x:0:\nnogroup:x:65534:\n' >"$root/etc/group"
  tar -C "$root" --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 -cf "$file" .
  rm -rf "$root"
}

# prepare_programs: what an example needs: packages, the programs, and `compose` in PATH. COMPOSE_PREBUILT=1 (tests/run, the
# guest): all is there.
prepare_programs() {
  if [[ ${COMPOSE_PREBUILT:-} != 1 ]]; then
    install_packages build example && build_preset release programs || return 1
  fi
  export PATH=$source_root/build/release/bin:$PATH
}

# scratch_roots: data and run roots of the calling script's own, in $scratch, gone when it exits.
scratch_roots() {
  scratch=$(mktemp -d /tmp/cx-XXXXXX)
  export COMPOSE_DATA_ROOT=$scratch/data COMPOSE_RUN_ROOT=$scratch/run
  trap 'compose down -t 0 -v --remove-orphans >/dev/null 2>&1; rm -rf "$scratch"' EXIT
}
