#!/bin/bash
# `compose export` and `compose commit`: a container's files as a tar, and as a layer of an image.
. "$(dirname "$0")/../support/cli.sh"

# root_of SERVICE: its root file system as the host reaches it.
root_of() { echo "/proc/$(pid_of "$1")/root"; }

# what TAR: a line for each entry with all that a tar can say of it, sorted.
what() {
  python3 - "$1" <<'END'
import sys, tarfile
for e in sorted(tarfile.open(sys.argv[1]), key=lambda e: e.name):
    kind = {b"0": "file", b"1": "hard", b"2": "sym", b"3": "char", b"4": "block", b"5": "dir", b"6": "fifo"}[e.type]
    xattrs = {k: v for k, v in e.pax_headers.items() if k.startswith("SCHILY.xattr.")}
    print(e.name.replace("\n", "?"), kind, oct(e.mode), e.uid, e.gid, e.size, e.pax_headers.get("mtime", int(e.mtime)), e.linkname,
          "%d:%d" % (e.devmajor, e.devminor), sorted(xattrs.items()))
END
}

inspect() { compose image inspect "$1" | python3 -c "import json, sys; i = json.load(sys.stdin)[0]; print(json.dumps($2, sort_keys=True))"; }

test_a_running_container_is_exported_without_what_is_mounted_on_it() {
  one_service '    volumes: [data:/data]
volumes: {data: {}}'
  compose up -d >/dev/null 2>&1
  compose exec -T web sh -c 'echo changed >/etc/passwd; echo new >/new; echo volume >/data/secret; rm -r /app'
  compose export web >a.tar
  compose export -o b.tar web
  diff <(what a.tar) <(what b.tar)
  equal 600 "$(stat -c %a b.tar)"
  equal changed "$(tar xOf a.tar etc/passwd)"
  equal new "$(tar xOf a.tar new)"
  tar tf a.tar >list
  matches "$(cat list)" "bin/busybox"
  matches "$(cat list)" $'\n'"data/"
  lacks "$(cat list)" "secret|proc/1|app"
  compose stop -t 0 >/dev/null 2>&1
  compose export web >c.tar
  # Not that places to mount at are made for a container that runs.
  local made='^(dev|proc|sys|etc/(hosts|hostname|resolv.conf)) '
  diff <(what a.tar | grep -Ev "$made") <(what c.tar | grep -Ev "$made")
  equal "a device is written to" "$(compose export -o /dev/null web && test -c /dev/null && echo a device is written to)"
  compose down -t 0 -v >/dev/null 2>&1
}

test_errors_say_which_container_is_missing() {
  one_service
  equal 'no such service: nobody' "$(compose export nobody 2>&1 >/dev/null)"
  equal 'service "web" has no container' "$(compose export web 2>&1 >/dev/null)"
  compose up -d >/dev/null 2>&1
  equal 'service "web" has no container #2' "$(compose commit --index 2 web 2>&1)"
  equal "export 't-web-1': open '/nowhere': No such file or directory" "$(compose export -o /nowhere/x web 2>&1)"
  equal "change 'RUN true': only the configuration of the image can be changed" \
    "$(compose commit -c 'RUN true' web snap 2>&1 | sed -n "s/.*\(change 'RUN.*\)/\1/p")"
  matches "$(compose commit web Not/Right 2>&1)" "invalid image reference 'Not/Right': .*lowercase"
  equal test-busybox "$(compose image ls --format json | python3 -c 'import json, sys; print(*[i["Repository"] for i in json.load(sys.stdin)])')"
  compose down -t 0 -v >/dev/null 2>&1
}

test_an_interrupted_export_leaves_nothing_and_links_and_pipes_stay_what_they_are() {
  one_service
  compose up -d
  # More than is written before the signal comes.
  compose exec -T web sh -c 'dd if=/dev/urandom of=/large bs=1M count=400 2>/dev/null'
  mkdir out
  compose export -o out/whole web &
  local export=$!
  sleep 0.2
  kill -TERM "$export"
  wait "$export" || true
  if [[ -e out/whole ]]; then equal whole "$(ls -A out)"; else equal "" "$(ls -A out)"; fi
  compose exec -T web rm /large
  echo old >out/target
  ln -s target out/link
  ln -s later out/dangling
  mkfifo out/pipe
  compose export -o out/link web
  compose export -o out/dangling web
  tar -t >listed <out/pipe &
  compose export -o out/pipe web
  wait
  matches "$(cat listed)" "bin/busybox"
  compose export -o /dev/stdout web >out/redirected
  for file in target later redirected; do matches "$(tar -tf out/$file)" "bin/busybox"; done
  equal "target later" "$(readlink out/link out/dangling | xargs)"
  equal "dangling later link pipe redirected target whole" "$(touch out/whole && ls -A out | xargs)"
  compose down -t 0
}

test_a_container_that_was_never_started_is_exported_and_committed() {
  one_service
  compose build -q
  compose create >/dev/null 2>&1
  compose export web >a.tar
  matches "$(tar tf a.tar)" "bin/busybox"
  compose commit web snap >/dev/null 2>&1
  equal "$(inspect test-busybox 'i["RootFS"]["Layers"]')" "$(inspect snap 'i["RootFS"]["Layers"]')"
  compose down -t 0 -v >/dev/null 2>&1
}

test_a_commit_has_the_files_and_the_configuration_of_the_container() {
  one_service '    environment: {LEVEL: debug}
    user: "0:7"
    working_dir: /tmp
    labels: {team: a}
    expose: ["81"]
    volumes: ["./here:/data/deep"]'
  mkdir here
  compose up -d >/dev/null 2>&1
  compose exec -T web sh -c 'echo kept >/kept; rm /etc/group; rm -r /var; mkdir /var; echo x >/var/x; echo inside >/data/deep/secret'
  compose commit -a "Ann <ann@example.org>" -m "as it was" -c 'CMD ["cat", "/kept"]' -c 'ENV MORE=${LEVEL}2' -c 'EXPOSE 90/udp' \
    -c 'LABEL "a b"="c d"' -c 'WORKDIR /made/by/nobody' -c 'ONBUILD RUN true' -c 'USER 0' -c 'VOLUME /v' web snap:1 >out 2>&1
  matches "$(cat out)" "service web Committed sha256:[0-9a-f]{64}"
  equal '["cat", "/kept"]' "$(inspect snap:1 'i["Config"]["Cmd"]')"
  equal '["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LEVEL=debug", "MORE=debug2"]' "$(inspect snap:1 'i["Config"]["Env"]')"
  equal '{"a b": "c d", "team": "a"}' "$(inspect snap:1 'i["Config"]["Labels"]')"
  equal '{"81/tcp": {}, "90/udp": {}}' "$(inspect snap:1 'i["Config"]["ExposedPorts"]')"
  equal '["/made/by/nobody", "0", ["RUN true"], {"/v": {}}]' \
    "$(inspect snap:1 '[i["Config"][k] for k in ("WorkingDir", "User", "OnBuild", "Volumes")]')"
  equal "Ann <ann@example.org>" "$(inspect snap:1 'i["Author"]' | tr -d '"')"
  matches "$(compose image history --no-trunc snap:1 | sed -n 2p)" "sleep infinity .*as it was"
  equal 1 "$(running web)"
  # The layer: what was changed and nothing else; no empty file where something was mounted, no file of a volume.
  compose image save -o snap.tar snap:1
  mkdir saved
  tar xf snap.tar -C saved
  equal "etc etc/.wh.group kept var var/.wh..wh..opq var/x" \
    "$(tar tf "saved/$(python3 -c 'import json; print(json.load(open("saved/manifest.json"))[0]["Layers"][-1])')" | sed 's|/$||' | sort | xargs)"
  printf 'services:\n  web: {image: "snap:1", network_mode: none, working_dir: /}\n' >compose.yaml
  equal kept "$(compose run --rm -T web)"
  compose down -t 0 --remove-orphans -v >/dev/null 2>&1
}

test_the_container_stands_still_while_it_is_committed_and_goes_on_even_when_the_commit_is_killed() {
  one_service
  compose up -d >/dev/null 2>&1
  compose exec -T web sh -c 'head -c 300m /dev/zero >/large'
  compose commit web snap >/dev/null 2>&1 &
  local pid=$!
  eventually 5 paused
  kill -9 $pid
  wait $pid || true
  eventually 5 not_paused
  compose exec -T web true
  compose image verify >/dev/null
  compose commit --pause=false web snap >/dev/null 2>&1
  # Somebody else's pause stays.
  compose pause >/dev/null 2>&1
  compose commit web snap >/dev/null 2>&1
  paused
  compose unpause >/dev/null 2>&1
  compose down -t 0 -v >/dev/null 2>&1
}
paused() { [[ -n $(compose ps -q --status paused) ]]; }
not_paused() { ! paused; }

test_files_that_change_meanwhile_do_not_spoil_an_export() {
  one_service
  compose up -d >/dev/null 2>&1
  compose exec -d web sh -c 'mkdir /busy; while :; do for i in 1 2 3 4 5 6 7 8 9; do head -c 500k /dev/zero >/busy/$i; mkdir -p /busy/d$i; mv /busy/$i /busy/d$i/x; rm -r /busy/d$i; done; done'
  local i
  for i in $(rounds 15); do
    compose export -o a.tar web 2>warnings
    tar tf a.tar >/dev/null
    lacks "$(cat warnings)" rror
    compose commit -p=false web snap >/dev/null 2>warnings || { cat warnings; false; }
  done
  compose image verify >/dev/null
  compose down -t 0 -v >/dev/null 2>&1
}

test_a_device_in_the_place_of_a_file_is_not_read() {
  one_service
  compose up -d >/dev/null 2>&1
  # Zeros would be what is read from it; the file and the node change places all the time.
  compose exec -T web sh -c 'echo file >/a && mknod /b c 1 5'
  python3 - "$(root_of web)" <<'END' &
import ctypes, os, sys, time
os.chdir(sys.argv[1])
libc, end = ctypes.CDLL(None), time.time() + 6
while time.time() < end:
    libc.renameat2(-100, b"a", -100, b"b", 2)
END
  local swapper=$! i name
  for i in $(rounds 40); do
    compose export web >a.tar
    for name in $(what a.tar | awk '/^[ab] file / { print $1 }'); do
      equal file "$(tar xOf a.tar "$name" | tr '\0' 0)"
    done
    kill -0 $swapper 2>/dev/null || break
  done
  kill $swapper 2>/dev/null || true
  wait $swapper || true
  compose down -t 0 >/dev/null 2>&1
}

test_everything_that_a_file_is_survives_unpacking_committing_and_exporting() {
  mkdir -p image tree/{dir,opaque,times}
  (
    cd tree
    printf 'one\n' >file; ln file hard; ln -s /nowhere/at/all sym; mkfifo fifo; mknod char c 1 5; mknod block b 7 99
    echo capable >capable; setfattr -n security.capability -v 0x0100000200040000000000000000000000000000 capable
    chown 7:8 capable; setfattr -n security.capability -v 0x0100000200040000000000000000000000000000 capable
    echo attribute >attribute; setfattr -n user.colour -v blue attribute; chown 123456:654321 attribute
    echo setuid >setuid; chown 1000:1000 setuid; chmod 6755 setuid; chmod 1777 dir; echo x >dir/x; echo y >opaque/below
    truncate -s 30m sparse; printf end | dd of=sparse bs=1 seek=31457277 conv=notrunc status=none
    touch -d '2001-02-03 04:05:06.123456789' times/nano; touch -d @0 times/epoch; touch -d '1965-01-01' times/before
    touch -d '2260-01-01 00:00:00.000000001' times/late; touch -h -d '1999-09-09 09:09:09.9' sym
    n=$(printf 'n%.0s' {1..200}); mkdir -p "$n/$n"; echo long >"$n/$n/$n"; echo utf8 >'grüße-日本'; printf x >$'new\nline'
    find . -depth -type d -exec touch -d '2010-10-10 10:10:10.5' {} +
  )
  tar --xattrs --xattrs-include='*' --format=posix --pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime \
    --numeric-owner -C tree -cf image/tree.tar .
  busybox_image rootfs
  cp rootfs/rootfs.tar image/
  printf 'FROM scratch\nADD rootfs.tar /\nADD tree.tar /tree/\nRUN rm /tree/dir/x && rm -r /tree/opaque && mkdir /tree/opaque\n' >image/Dockerfile
  printf 'services:\n  web: {image: tree, build: ./image, network_mode: none, init: true, command: sleep infinity}\n' >compose.yaml
  compose up -d >/dev/null 2>&1
  compose export web >running.tar
  local tree='^tree'
  what running.tar | grep "$tree" >running
  # What the tar of the tree said, but for what RUN did.
  what image/tree.tar | sed -e 's/^\.\/\?/tree\//' -e 's/^tree\/ dir/tree dir/' -e 's/ \.\// tree\//' | grep -v -e '/dir/x' -e '/opaque' -e '^tree dir' -e '^tree/dir ' >expected
  grep -v -e '/opaque' -e '^tree dir' -e '^tree/dir ' running | diff expected -
  grep -E '^tree/(opaque|dir)' running | awk '{ print $1, $2, $3 }' | diff <(printf 'tree/dir dir 0o1777\ntree/opaque dir 0o755\n') -
  # Sparse: no more on the disk than it was.
  (($(du -sk --apparent-size "$(root_of web)/tree/sparse" | cut -f 1) > 30000))
  (($(du -sk "$(root_of web)/tree/sparse" | cut -f 1) < 3000))  # but for pages between blocks of the archive
  # Again through an upper directory: copied up, committed, exported, imported.
  compose exec -T web sh -c 'cp -a /tree /copy; rm -r /tree/times; mkdir /tree/times'
  setfattr -n security.capability -v 0x0100000200040000000000000000000000000000 "$(root_of web)/copy/capable"
  touch -d '2001-02-03 04:05:06.123456789' "$(root_of web)/tree/times"
  compose commit web snap >/dev/null 2>&1
  compose export web >before.tar
  compose image save snap | compose image load -q
  printf 'services:\n  web: {image: snap, network_mode: none}\n' >compose.yaml
  compose up -d >/dev/null 2>&1
  compose export web >after.tar
  diff <(what before.tar | grep -E '^(tree|copy)') <(what after.tar | grep -E '^(tree|copy)')
  compose image import after.tar imported >/dev/null
  printf 'services:\n  web: {image: imported, command: sleep infinity, network_mode: none}\n' >compose.yaml
  compose up -d >/dev/null 2>&1
  compose export web >imported.tar
  diff <(what after.tar) <(what imported.tar)
  compose down -t 0 -v >/dev/null 2>&1
}

test_a_tree_deeper_than_anybody_can_read_is_an_error_of_commit_and_no_obstacle_to_down() {
  one_service '    volumes: [data:/data]
volumes: {data: {}}'
  compose up -d >/dev/null 2>&1
  # Deeper than a path can say: a directory is made and entered, again and again.
  local place
  for place in / /data; do
    python3 -c 'import os, sys
os.chdir(sys.argv[1])
for _ in range(1200): os.mkdir("d"); os.chdir("d")' "$(root_of web)$place"
  done
  ulimit -n 1024
  matches "$(compose commit web snap 2>&1)" "commit 't-web-1': commit: (entry '[d/]+': )?directories are nested more than 500 deep"
  matches "$(compose export -o a.tar web 2>&1)" "export 't-web-1': directories are nested more than 500 deep"
  equal "" "$(ls "$COMPOSE_DATA_ROOT/images/tmp"; ls -d a.tar* 2>/dev/null)"
  compose down -t 0 -v >/dev/null 2>&1
  equal "" "$(ls "$COMPOSE_DATA_ROOT/containers" "$COMPOSE_DATA_ROOT/volumes" 2>/dev/null | grep -v :)"
}

run_tests "$@"
