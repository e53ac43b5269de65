# What whole-program tests build from. Sourced after cli.sh and registry.sh.

# context LINES [EXTRA]: a service `one` that builds from a busybox image and LINES; EXTRA goes to its build section.
context() {
  busybox_image context
  printf 'FROM scratch AS busybox\nADD rootfs.tar /\nFROM busybox\n%s\n' "$1" >context/Dockerfile
  service_one "${2:-}"
}
service_one() {
  printf 'services:\n  one:\n    image: test/one\n    network_mode: none\n    build:\n      context: ./context\n%s\n' "${1:-}" >compose.yaml
}
# base_image: an image test/base with busybox in it, for FROM.
base_image() {
  busybox_image busybox
  printf 'services: {base: {image: test/base, build: ./busybox}}' >base.yaml
  compose -f base.yaml build -q
}
# one LINES [EXTRA]: the same service, FROM test/base.
one() {
  mkdir -p context
  printf 'FROM test/base\n%s\n' "$1" >context/Dockerfile
  service_one "${2:-}"
}
in_image() { compose run --rm -T one sh -c "$1"; }

# build_all DIRECTORY: its Dockerfiles, all at once, each as test/NAME, from ./context; the base of all is localhost/base, saved as base.tar.
build_all() {
  local dockerfile name
  mkdir -p context
  busybox_image base
  printf 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n' >>base/Dockerfile
  printf 'services: {base: {image: localhost/base, build: ./base}}' >base.yaml
  compose -f base.yaml build -q
  compose image save -o base.tar localhost/base
  "$1/context" context "$PWD/base/rootfs.tar"
  echo 'services:' >compose.yaml
  for dockerfile in "$1"/*.dockerfile; do
    name=$(basename "$dockerfile" .dockerfile)
    printf '  %s: {image: test/%s, build: {context: ./context, dockerfile: %s, args: {GIVEN: given}}}\n' "$name" "$name" "$dockerfile"
  done >>compose.yaml
  compose build -q
}

serve() {  # serve DIRECTORY PORT
  python3 -m http.server -b 127.0.0.1 -d "$1" "$2" >/dev/null 2>"$scratch/served" &
  registry_pids+=($!)
  eventually 10 curl -so /dev/null "http://127.0.0.1:$2/"
}
listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

git_repository() {  # git_repository DIRECTORY
  export HOME=$PWD GIT_CONFIG_NOSYSTEM=1
  git config --global user.name a
  git config --global user.email a@b
  git -c init.defaultBranch=main init -q "$1"
  mkdir "$1/sub"
  printf 'FROM test/base\nCOPY . /from\n' | tee "$1/Dockerfile" >"$1/sub/Dockerfile"
  echo one >"$1/file"
  echo inner >"$1/sub/inner"
  git -C "$1" add -A
  git -C "$1" commit -qm one
  git -C "$1" tag -am tagged v1
  git -C "$1" checkout -qb branch
  echo two >"$1/file"
  git -C "$1" commit -qam two
  git -C "$1" checkout -q main
}
git_server() {  # git://127.0.0.1/
  git daemon --reuseaddr --listen=127.0.0.1 --export-all --base-path="$PWD" "$PWD" 2>daemon.log &
  registry_pids+=($!)
  eventually 10 git ls-remote -q git://127.0.0.1/repository.git >refs
}
git_http_server() {  # git_http_server PORT [USER:PASSWORD]
  python3 "$source_root/tests/support/git_http.py" "$1" "$PWD" "$PWD/git-$1.log" ${2:+"$2"} &
  registry_pids+=($!)
  eventually 10 listens "$1"
}
# An ssh server on port 22 of this world, for the user of the test, whose home is ./home until the test ends: there is a key that it
# takes, and it is known.
ssh_server() {
  home=$(getent passwd "$(id -u)" | cut -d: -f6)
  mkdir -p -m 700 home/.ssh
  ssh-keygen -qt ed25519 -N '' -f home/.ssh/id_ed25519
  cp home/.ssh/id_ed25519.pub home/.ssh/authorized_keys
  dropbearkey -t ed25519 -f host.key >host.pub 2>&1
  for name in 127.0.0.1 localhost; do echo "$name $(grep -o 'ssh-ed25519 [^ ]*' host.pub)"; done >home/.ssh/known_hosts
  mount --bind home "$home"
  trap 'registry_stop; umount "$home"' EXIT
  dropbear -F -E -s -p 127.0.0.1:22 -r host.key -P "$PWD/dropbear.pid" 2>ssh.log &
  registry_pids+=($!)
  eventually 10 listens 22
}
