#!/bin/bash
# `compose cp`: files go into containers and come out of them, whether they run or not, and nowhere else.
. "$(dirname "$0")/../support/cli.sh"

# in_web COMMAND: what a shell in the container says of it.
in_web() { compose exec -T web sh -c "$1"; }

# cp_says ARGS...: what a copy that fails says.
cp_says() { if compose cp "$@" 2>said >/dev/null; then echo "did not fail"; else sed '/^ Container/d' said; fi; }

# tree DIRECTORY: names, kinds, modes, owners and contents of what is in it.
tree() { (cd "$1" && find . -mindepth 1 -printf '%P %y %m %U:%G %l\n' | sort && find . -type f | sort | xargs -r cat); }

make_tree() {  # make_tree DIRECTORY
  mkdir -p "$1"/{empty,sub/deep}
  echo one >"$1/one"
  echo two >"$1/sub/deep/two"
  chmod 640 "$1/one"
  chmod 711 "$1/sub"
  ln -s sub/deep/two "$1/link"
  ln -s /nowhere "$1/dangling"
  ln "$1/one" "$1/hard"
}

test_files_and_directories_go_where_docker_puts_them() {
  one_service
  compose up -d >/dev/null 2>&1
  make_tree d
  echo file >f
  # A file: in the place of nothing, of a file, into a directory.
  compose cp f web:/new 2>said
  matches "$(cat said)" "Container t-web-1 Copied"
  compose cp f web:/app >/dev/null 2>&1
  in_web 'echo old >/old'
  compose cp f web:old >/dev/null 2>&1
  equal "file file file" "$(in_web 'cat /new /app/f /old' | xargs)"
  # A directory: becomes what is not there, goes into what is; with "/." its content does.
  compose cp d web:/made >/dev/null 2>&1
  compose cp d web:/app >/dev/null 2>&1
  compose cp d/. web:/tmp >/dev/null 2>&1
  in_web 'mkdir /dir; ln -s /dir /to-dir; ln -s /dir/later /to-later'
  compose cp f web:/to-dir >/dev/null 2>&1
  compose cp f web:/to-later >/dev/null 2>&1
  equal "f later" "$(in_web 'ls /dir' | xargs)"
  # And back: the same.
  for path in /made /app/d; do
    rm -rf back
    compose cp "web:$path" back >/dev/null 2>&1
    diff <(tree d) <(tree back)
  done
  mkdir into
  compose cp web:/made into >/dev/null 2>&1
  diff <(tree d) <(tree into/made)
  compose cp web:/made/. into >/dev/null 2>&1
  diff <(tree d) <(rm -r into/made && tree into)
  compose cp web:/new into/renamed >/dev/null 2>&1
  equal file "$(cat into/renamed)"
  (cd into && compose -f ../compose.yaml -p t cp web:/old . >/dev/null 2>&1)
  equal file "$(cat into/old)"
  # What a merge finds stays where nothing takes its place.
  in_web 'mkdir -p /merged/sub && echo kept >/merged/sub/kept && echo old >/merged/one'
  compose cp d/. web:/merged >/dev/null 2>&1
  equal "kept one two" "$(in_web 'cat /merged/sub/kept /merged/one /merged/sub/deep/two' | xargs)"
  compose down -t 0 >/dev/null 2>&1
}

test_links_are_copied_as_links_unless_they_are_to_be_followed() {
  one_service
  compose up -d >/dev/null 2>&1
  in_web 'mkdir /real; echo content >/real/file; ln -s /real/file /link; ln -s real /dirlink'
  compose cp web:/link plain >/dev/null 2>&1
  equal /real/file "$(readlink plain)"
  compose cp -L web:/link followed >/dev/null 2>&1
  equal content "$(test ! -L followed && cat followed)"
  mkdir out
  compose cp -L web:/link out >/dev/null 2>&1
  equal content "$(cat out/link)"
  compose cp web:/dirlink/. out >/dev/null 2>&1
  equal content "$(cat out/file)"
  ln -s out/file mine
  compose cp mine web:/mine-link >/dev/null 2>&1
  compose cp --follow-link mine web:/mine-file >/dev/null 2>&1
  equal "out/file content" "$(in_web 'readlink /mine-link; cat /mine-file' | xargs)"
  compose down -t 0 >/dev/null 2>&1
}

test_owners_set_user_id_bits_and_devices_stay_with_archive_only() {
  one_service
  compose up -d >/dev/null 2>&1
  mkdir d
  echo x >d/suid
  chown 1000:1001 d/suid
  chmod 6755 d/suid
  setfattr -n security.capability -v 0x0100000200040000000000000000000000000000 d/suid
  mknod d/null c 1 3
  compose cp d web:/plain >/dev/null 2>said
  matches "$(cat said)" "t-web-1: left out 1 devices or entries of /dev, /proc and /sys; --archive copies devices"
  compose cp -a d web:/kept >/dev/null 2>said
  lacks "$(cat said)" "left out"
  equal "0:0 755" "$(in_web 'stat -c "%u:%g %a" /plain/suid')"
  equal "1000:1001 6755" "$(in_web 'stat -c "%u:%g %a" /kept/suid')"
  equal "null suid suid" "$(in_web 'ls /kept /plain | grep -v :' | sort | xargs)"
  compose cp web:/kept back >/dev/null 2>&1
  compose cp --archive web:/kept back-a >/dev/null 2>&1
  equal "0:0 755 1000:1001 6755" "$(stat -c '%u:%g %a' back/suid back-a/suid | xargs)"
  equal "back-a/null back-a/suid back/suid" "$(find back back-a ! -type d | sort | xargs)"
  equal "" "$(getfattr --absolute-names -m - back/suid 2>/dev/null)"
  matches "$(getfattr --absolute-names -m - back-a/suid)" security.capability
  compose down -t 0 >/dev/null 2>&1
}

test_tar_streams_go_both_ways() {
  one_service '    deploy: {replicas: 2}'
  compose up -d >/dev/null 2>&1
  mkdir d
  echo x >d/x
  chown 7:8 d/x
  tar c d | compose cp - web:/app >/dev/null 2>&1
  # To every replica, with the owners of the archive; compressed ones too.
  for i in 1 2; do equal "x 7:8" "$(compose exec -T --index $i web sh -c 'cat /app/d/x; stat -c %u:%g /app/d/x' | xargs)"; done
  tar cz -C d . | compose cp --index 2 - web:/tmp >/dev/null 2>&1
  equal 1777 "$(compose exec -T --index 2 web stat -c %a /tmp)"
  equal "" "$(compose exec -T --index 1 web ls /tmp)"
  equal "d/ d/x" "$(compose cp web:/app/d - 2>/dev/null | tar t | xargs)"
  equal "x" "$(compose cp web:/app/d/. - 2>/dev/null | tar t | xargs)"
  equal "x 7/8" "$(compose cp web:/app/d/x - 2>/dev/null | tar tv --numeric-owner | awk '{ print $NF, $2 }')"
  equal "copy '-' to 'web:/none' (t-web-1): '/none': no such directory" "$(tar c d | cp_says --index 1 - web:/none)"
  matches "$(echo no tar | cp_says --index 1 - web:/tmp)" "^copy '-' to 'web:/tmp' \(t-web-1\): "
  # An archive leads nowhere else either.
  mkdir up
  python3 - <<'END'
import io, tarfile
for name, entries in {"up": [("../up", None)], "link": [("l", "/"), ("l/escaped", None)]}.items():
    with tarfile.open(f"{name}.tar", "w") as t:
        for path, link in entries:
            e = tarfile.TarInfo(path)
            if link: e.type, e.linkname = tarfile.SYMTYPE, link
            t.addfile(e, io.BytesIO(b""))
END
  matches "$(cp_says --index 1 - web:/tmp <up.tar)" "entry '../up': the name goes upwards"
  compose cp --index 1 - web:/tmp <link.tar >/dev/null 2>&1
  equal "/tmp/escaped" "$(compose exec -T --index 1 web find / -xdev -name escaped)"
  fails test -e /escaped
  compose down -t 0 >/dev/null 2>&1
}

test_all_replicas_get_it_one_with_index_and_one_off_ones_with_all() {
  one_service '    deploy: {replicas: 2}'
  compose up -d >/dev/null 2>&1
  compose run -d --name extra web sleep infinity >/dev/null 2>&1
  echo x >f
  compose cp f web:/every >/dev/null 2>&1
  compose cp --index 2 f web:/second >/dev/null 2>&1
  compose cp --all f web:/all >/dev/null 2>&1
  local one two
  one=$(compose exec -T --index 1 web sh -c 'ls / | grep -E "every|second|all"' | xargs)
  two=$(compose exec -T --index 2 web sh -c 'ls / | grep -E "every|second|all"' | xargs)
  equal "all every, all every second" "$one, $two"
  compose cp --all --index 1 web:/every one >/dev/null 2>&1
  equal x "$(cat one)"
  # Only the one of the run command is left.
  compose scale web=0 >/dev/null 2>&1
  equal 'service "web" has no container' "$(cp_says web:/all out)"
  compose cp --all web:/all out >/dev/null 2>&1
  equal x "$(cat out)"
  equal "copy 'web:/every' (extra) to 'none': '/every': no such file or directory" "$(cp_says --all web:/every none)"
  compose down -t 0 --remove-orphans >/dev/null 2>&1
}

test_volumes_and_binds_are_seen_whether_the_container_runs_or_not() {
  one_service '    volumes: [data:/data, ./here:/bound, ./here/f:/etc/one.conf, ./fixed:/fixed:ro, other:/app]
    tmpfs: [/scratch]
    configs: [{source: c, target: /etc/c.conf}]
configs: {c: {content: configured}}
volumes: {data: {}, other: {}}'
  mkdir here fixed
  echo f >here/f
  printf 'RUN echo image >/app/from-image\n' >>image/Dockerfile
  check_all() {  # check_all NAME
    echo "$1" >mine
    compose cp mine web:/data/file >/dev/null 2>&1
    compose cp mine web:/bound >/dev/null 2>&1
    compose cp mine web:/root/file >/dev/null 2>&1
    compose cp mine web:/app/file >/dev/null 2>&1
    equal "$1 $1" "$(cat here/mine "$COMPOSE_DATA_ROOT"/volumes/t_data/_data/file | xargs)"
    rm -rf out
    mkdir out
    for path in /data/file /bound/mine /root/file /etc/c.conf /app/from-image /app/file; do
      compose cp "web:$path" "out/$(basename "$(dirname "$path")")-$(basename "$path")" >/dev/null 2>&1
    done
    equal "$1 image $1 $1 $1 configured" "$(cat out/app-file out/app-from-image out/bound-mine out/root-file out/data-file out/etc-c.conf | xargs)"
    equal "copy 'mine' to 'web:/etc/one.conf' (t-web-1): entry 'one.conf': something is mounted on it" "$(cp_says mine web:/etc/one.conf)"
    equal "copy 'mine' to 'web:/etc/c.conf' (t-web-1): entry 'c.conf': something is mounted on it" "$(cp_says mine web:/etc/c.conf)"
    matches "$(cp_says mine web:/fixed)" "Read-only file system"
    equal "f" "$(cat here/f)"
  }
  compose build -q
  compose create >/dev/null 2>&1
  # Reading makes and fills nothing.
  compose cp web:/app/from-image seen >/dev/null 2>&1
  equal "image" "$(cat seen)"
  equal "" "$(ls "$COMPOSE_DATA_ROOT/volumes/t_other/_data")"
  check_all created
  matches "$(cp_says mine web:/scratch)" "Read-only file system"
  compose start >/dev/null 2>&1
  equal "created created created image created" "$(in_web 'cat /data/file /bound/mine /root/file /app/from-image /app/file' | xargs)"
  check_all running
  compose cp mine web:/scratch >/dev/null 2>&1
  equal running "$(in_web 'cat /scratch/mine')"
  compose stop -t 0 >/dev/null 2>&1
  check_all stopped
  compose start >/dev/null 2>&1
  equal "stopped stopped" "$(in_web 'cat /data/file /root/file' | xargs)"
  equal "copy 'mine' to 'web:/etc/hosts' (t-web-1): entry 'hosts': something is mounted on it" "$(cp_says mine web:/etc/hosts)"
  matches "$(in_web 'cat /etc/hosts; mount')" "localhost.* on /etc/hosts "
  compose down -t 0 -v >/dev/null 2>&1
}

test_a_paused_container_and_a_read_only_one() {
  one_service '    read_only: true
    volumes: [data:/data]
volumes: {data: {}}'
  compose up -d >/dev/null 2>&1
  echo x >f
  compose pause >/dev/null 2>&1
  compose cp f web:/data >/dev/null 2>&1
  compose unpause >/dev/null 2>&1
  equal x "$(in_web 'cat /data/f')"
  matches "$(cp_says f web:/new)" "Read-only file system"
  compose stop -t 0 >/dev/null 2>&1
  matches "$(cp_says f web:/new)" "Read-only file system"
  compose cp f web:/data/g >/dev/null 2>&1
  compose cp web:/data/g out >/dev/null 2>&1
  equal x "$(cat out)"
  compose down -t 0 -v >/dev/null 2>&1
}

test_no_link_in_a_container_leads_out_of_it() {
  one_service '    volumes: ["./shared:/shared"]'
  mkdir shared outside
  echo host >outside/secret
  compose up -d >/dev/null 2>&1
  local outside=$PWD/outside up=../../../../../../../../..
  ln -s "$outside" shared/absolute
  ln -s "$up$outside" shared/relative
  ln -s "$outside/new" shared/dangling
  in_web "ln -s $up/etc /up; ln -s /proc/1/root /root-of-one"
  echo mine >cp-test-file
  # In the container these lead to what is not there, or to what is the container's.
  for link in absolute relative; do
    equal "copy 'web:/shared/$link/secret' (t-web-1) to 'stolen': '/shared/$link/secret': no such file or directory" \
      "$(cp_says "web:/shared/$link/secret" stolen)"
    matches "$(cp_says cp-test-file "web:/shared/$link/x")" "no such directory"
    matches "$(cp_says -L "web:/shared/$link" stolen)" "no such file or directory"
  done
  matches "$(cp_says cp-test-file web:/shared/dangling)" "no such directory"
  compose cp cp-test-file web:/up >/dev/null 2>&1
  equal mine "$(in_web 'cat /etc/cp-test-file')"
  fails test -e /etc/cp-test-file
  fails compose cp cp-test-file web:/root-of-one/x
  compose stop -t 0 >/dev/null 2>&1
  compose cp cp-test-file web:/up/second >/dev/null 2>&1
  compose cp web:/etc/second seen >/dev/null 2>&1
  equal mine "$(cat seen)"
  fails test -e /etc/second
  # What is in a directory of that name stays a directory's, and a link is not walked through.
  mkdir -p d/absolute
  echo x >d/absolute/x
  matches "$(cp_says d/. web:/shared)" "entry 'absolute/': a directory does not take the place of something else"
  equal secret "$(ls outside)"
  compose down -t 0 >/dev/null 2>&1
}

test_a_link_that_is_exchanged_meanwhile_leads_nowhere_either() {
  one_service '    volumes: ["./shared:/shared"]'
  mkdir -p shared/a outside d/a
  compose up -d >/dev/null 2>&1
  local i up=../../../../../../../../..
  for i in $(seq 200); do echo x >"d/a/$i"; done
  ln -s "$up$PWD/outside" shared/b
  python3 - "$PWD/shared" <<'END' &
import ctypes, os, sys, time
os.chdir(sys.argv[1])
libc, end = ctypes.CDLL(None), time.time() + 8
while time.time() < end:
    libc.renameat2(-100, b"a", -100, b"b", 2)
END
  local swapper=$!
  for i in $(rounds 25); do
    compose cp d/a/. web:/shared/a >/dev/null 2>&1 || true
    compose cp d/. web:/shared >/dev/null 2>&1 || true
    kill -0 $swapper 2>/dev/null || break
  done
  kill $swapper 2>/dev/null || true
  wait $swapper || true
  equal "" "$(ls outside)"
  compose down -t 0 >/dev/null 2>&1
}

test_kernel_file_systems_are_no_place_to_copy_to() {
  one_service
  compose up -d >/dev/null 2>&1
  in_web 'ln -s dev /devices'
  echo x >f
  local state place
  for state in running stopped; do
    for place in /dev /dev/null /devices/new /proc/sys/kernel /sys; do
      matches "$(cp_says f "web:$place")" "container's to keep|no such directory"
    done
    mkdir -p root/{dev,bin}
    echo x | tee root/dev/one root/bin/two >/dev/null
    compose cp root/. web:/ >/dev/null 2>said
    matches "$(cat said)" "left out 1 devices or entries"
    compose cp web:/bin/two back >/dev/null 2>&1
    equal x "$(cat back)"
    matches "$(cp_says web:/proc/1/status out)" "no such file or directory"
    matches "$(cp_says web:/dev/one out)" "no such file or directory"
    compose stop -t 0 >/dev/null 2>&1
  done
  compose start >/dev/null 2>&1
  compose exec -T web sh -c 'test -c /dev/null && test -d /proc/1'
  compose down -t 0 >/dev/null 2>&1
}

test_devices_pipes_and_open_files_of_the_host_stay_what_they_are() {
  one_service
  compose up -d >/dev/null 2>&1
  mkdir -p d/app out/d
  mkfifo d/pipe
  mknod d/node c 1 3
  ln -s node d/to-node
  for name in pipe node to-node; do
    equal "copy 'web:/etc/passwd' (t-web-1) to 'd/$name': entry '${name#to-}': it does not take the place of a device, a pipe or a socket" \
      "$(cp_says web:/etc/passwd "d/$name")"
  done
  # Nor does a pipe of the container's take the place of a socket of the host's.
  python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("d/app/socket")'
  in_web 'mkdir /pipes && mkfifo /pipes/socket /pipes/node'
  matches "$(cp_says web:/pipes/. d/app)" "entry 'socket': it does not take the place of a device, a pipe or a socket"
  matches "$(cp_says web:/pipes/. d)" "entry 'node': it does not take the place of a device, a pipe or a socket"
  equal socket "$(stat -c %F d/app/socket)"
  rm -f d/app/{socket,node} d/socket
  equal "1:3 node pipe" "$(stat -c %t:%T d/node) $(find d -type c -printf %f) $(find d -type p -printf %f)"
  exec 7>opened
  ln -s /proc/self/fd/7 stdout
  equal "copy 'web:/etc/passwd' (t-web-1) to 'stdout': 'stdout' leads to an open file: - is standard input and output" \
    "$(cp_says web:/etc/passwd stdout)"
  exec 7>&-
  equal "" "$(cat opened)"
  # With --archive one device takes the place of another.
  compose cp -a d web:/ >/dev/null 2>&1
  compose cp -a d web:/ >/dev/null 2>&1
  compose cp -a web:/d out >/dev/null 2>&1
  compose cp -a web:/d out >/dev/null 2>&1
  equal "1:3" "$(stat -c %t:%T out/d/node)"
  compose down -t 0 >/dev/null 2>&1
}

test_a_directory_is_not_copied_into_itself() {
  one_service '    volumes: ["./data:/data"]'
  mkdir -p data/sub
  echo x >data/x
  compose up -d >/dev/null 2>&1
  matches "$(cp_says data web:/data/sub)" "a directory cannot be copied into itself"
  matches "$(cp_says web:/data data/sub)" "a directory cannot be copied into itself"
  matches "$(cp_says web:/data/. data)" "a directory cannot be copied into itself"
  compose cp data/x web:/data/sub >/dev/null 2>&1
  rmdir data/sub/data # all that was made before it was met
  equal "sub sub/x x" "$(find data -mindepth 1 -printf '%P\n' | sort | xargs)"
  compose down -t 0 >/dev/null 2>&1
}

test_pipes_that_end_early_and_writers_that_wait_for_the_project() {
  one_service
  compose up -d >/dev/null 2>&1
  compose cp web:/bin - 2>said | head -c 1 >/dev/null
  equal "141" "${PIPESTATUS[0]}"
  equal "" "$(cat said)"
  # `run` wants the project that a copy into a stopped container has to itself.
  compose stop -t 0 >/dev/null 2>&1
  timeout 60 compose run --rm -T web sh -c 'sleep 0.3; tar c -C /etc passwd' 2>/dev/null | timeout 60 compose cp - web:/app >/dev/null 2>&1
  equal "0 0" "${PIPESTATUS[*]}"
  compose up -d >/dev/null 2>&1
  in_web 'cmp /etc/passwd /app/passwd'
  compose down -t 0 >/dev/null 2>&1
}

test_names_of_strangers_do_not_reach_the_terminal_raw() {
  one_service
  compose up -d >/dev/null 2>&1
  matches "$(cp_says "web:/no$(printf '\033[31m')where" x)" '/no\\x1b\[31mwhere'
  compose down -t 0 >/dev/null 2>&1
}

test_errors_say_what_is_wrong() {
  one_service
  echo x >f
  mkdir d
  equal "no such service: nobody" "$(cp_says f nobody:/x)"
  equal 'service "web" has no container' "$(cp_says f web:/x)"
  compose up -d >/dev/null 2>&1
  equal 'service "web" has no container #2' "$(cp_says --index 2 web:/etc x)"
  matches "$(cp_says web:/a web:/b)" "copying between services is not supported"
  matches "$(cp_says f d)" "neither side is in a container: one of them must be SERVICE:PATH"
  equal "copy 'web:/nope' (t-web-1) to 'd': '/nope': no such file or directory" "$(cp_says web:/nope d)"
  equal "copy 'nope' to 'web:/x' (t-web-1): 'nope': no such file or directory" "$(cp_says nope web:/x)"
  equal "copy 'f' to 'web:/no/where' (t-web-1): '/no': no such directory" "$(cp_says f web:/no/where)"
  equal "copy 'f' to 'web:/x/' (t-web-1): '/x/': no such directory" "$(cp_says f web:/x/)"
  equal "copy 'd' to 'web:/etc/passwd' (t-web-1): 'd' is a directory and '/etc/passwd' is not: a directory takes the place of nothing else" \
    "$(cp_says d web:/etc/passwd)"
  equal "copy 'web:/etc/passwd/' (t-web-1) to 'd': '/etc/passwd/': not a directory" "$(cp_says web:/etc/passwd/ d)"
  # A dry run copies nothing.
  compose --dry-run cp f web:/dry >/dev/null 2>said
  matches "$(cat said)" "Copied"
  in_web 'test ! -e /dry'
  compose stop -t 0 >/dev/null 2>&1
  compose --dry-run cp f web:/dry >/dev/null 2>&1
  matches "$(cp_says web:/dry out)" "no such file or directory"
  compose down -t 0 >/dev/null 2>&1
}

run_tests "$@"
