#!/bin/bash
# Images in archives, both ways, with other tools at the other end: what they write is loaded and runs, what we write they load.
. "$(dirname "$0")/../support/cli.sh"
. "$source_root/tests/support/registry.sh"

# two_images: localhost/one:1 (two layers, one with a whiteout) and localhost/two:1 in our store; what they print is their name.
two_images() {
  busybox_image image
  local name
  for name in one two; do
    printf 'FROM scratch\nADD rootfs.tar /\nRUN echo %s >/name && mkdir /d && ln -s /name /d/link && ln /name /d/hard && rm -r /app\nCMD ["cat", "/d/link"]\n' $name >image/Dockerfile
    printf 'services:\n  it: {image: "localhost/%s:1", build: ./image, network_mode: none}\n' $name >compose.yaml
    compose build -q 2>/dev/null
  done
}
podman_here() { command podman --root "$scratch/podman" --runroot "$scratch/podman-run" --storage-driver vfs --cgroup-manager cgroupfs "$@"; }
skopeo_copy() { skopeo copy -q --insecure-policy --src-tls-verify=false --dest-tls-verify=false "$@"; }

diff_ids() { compose image inspect "$1" | python3 -c 'import json, sys; print(*json.load(sys.stdin)[0]["RootFS"]["Layers"])'; }
images_here() { compose image ls --format json | python3 -c 'import json, sys; print(*sorted(i["Repository"] + ":" + i["Tag"] for i in json.load(sys.stdin)))'; }
forget_all() { compose image prune -af --build-cache >/dev/null; }

# loads ARCHIVE... : our load of each (or of standard input for "-") gives what two_images made, and it runs.
runs_here() {
  printf 'services:\n  it: {image: "%s", network_mode: none}\n' "$1" >compose.yaml
  equal "$2" "$(compose run --rm -T it 2>/dev/null)"
  equal "name" "$(compose run --rm -T it sh -c 'test /name -ef /d/hard && test ! -e /app && echo name' 2>/dev/null)"
}

test_what_we_save_is_loaded_by_podman_and_skopeo() {
  need podman skopeo
  two_images
  compose image save -o both.tar localhost/one:1 localhost/two:1
  podman_here load -q -i both.tar >loaded
  matches "$(cat loaded)" "localhost/one:1.*localhost/two:1"
  local name
  for name in one two; do
    equal "sha256:$(podman_here image inspect -f '{{.Id}}' localhost/$name:1)" \
      "$(compose image inspect localhost/$name:1 | python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["Id"])')"
    skopeo_copy docker-archive:both.tar:localhost/$name:1 oci:oci-$name:1
    equal "$(diff_ids localhost/$name:1)" "$(skopeo inspect --config oci:oci-$name:1 | python3 -c 'import json, sys; print(*json.load(sys.stdin)["rootfs"]["diff_ids"])')"
  done
  # The same file is an OCI layout, whose references are tags, as in those of Docker.
  compose image save localhost/one:1 >one.tar
  mkdir layout
  tar xf one.tar -C layout
  skopeo_copy oci:layout:1 docker-archive:again.tar:localhost/one:1
  skopeo_copy oci-archive:one.tar:1 dir:as-directory
  forget_all
  compose image load -q <again.tar
  runs_here localhost/one:1 one
}

test_what_podman_and_skopeo_write_is_loaded_and_runs() {
  need podman skopeo
  two_images
  local wanted form from
  wanted=$(diff_ids localhost/one:1)
  compose image save -o both.tar localhost/one:1 localhost/two:1
  podman_here load -q -i both.tar >/dev/null
  for form in docker-archive oci-archive; do
    forget_all
    podman_here save -q --format $form -o $form.tar localhost/one:1
    compose image load -qi $form.tar
    equal "$wanted" "$(diff_ids localhost/one:1)"
    runs_here localhost/one:1 one
    forget_all
    # By standard input, and packed in every way.
    for from in gzip bzip2 xz zstd; do
      $from -c $form.tar | compose image load >out
      equal "Loaded image: localhost/one:1" "$(cat out)"
      forget_all
    done
  done
  podman_here save -q -m -o several.tar localhost/one:1 localhost/two:1
  compose image load -qi several.tar
  equal "localhost/one:1 localhost/two:1" "$(images_here)"
  runs_here localhost/two:1 two
  forget_all
  # A directory, as podman and as skopeo write it; and zstd layers.
  podman_here save -q --format oci-dir -o oci-dir localhost/one:1
  compose image load -qi oci-dir
  equal "$wanted" "$(diff_ids "$(compose image ls -q)")"
  forget_all
  skopeo_copy --dest-compress-format zstd --dest-compress docker-archive:both.tar:localhost/two:1 oci:zstd:localhost/two:1
  compose image load -qi zstd
  runs_here localhost/two:1 two
  forget_all
  # What old Docker wrote: a `repositories` file beside it, layers by directory.
  mkdir old
  tar xf docker-archive.tar -C old
  python3 - <<'END'
import json, os
m = json.load(open("old/manifest.json"))
json.dump({"localhost/one": {"1": m[0]["Layers"][-1].split("/")[0].removesuffix(".tar")}}, open("old/repositories", "w"))
END
  tar cf old.tar -C old .
  compose image load -qi old.tar
  runs_here localhost/one:1 one
}

test_an_image_that_buildah_made_runs_here_from_a_registry_and_from_an_archive() {
  need buildah skopeo docker-registry
  trap_registry
  registry_start
  busybox_image image
  bud() { buildah --root "$scratch/podman" --runroot "$scratch/podman-run" --storage-driver vfs "$@"; }
  printf 'FROM scratch\nADD rootfs.tar /\nCOPY Dockerfile /recipe\nLABEL made=elsewhere\nENV WHERE=there\nUSER 7:8\nWORKDIR /tmp\nENTRYPOINT ["sh", "-c"]\nCMD ["id -u; pwd; echo $WHERE"]\n' >image/Dockerfile
  local format
  for format in oci docker; do
    bud build --isolation chroot -q --format $format -t localhost:5000/made:$format image >/dev/null
    bud push -q --tls-verify=false localhost:5000/made:$format docker://localhost:5000/made:$format
    bud push -q localhost:5000/made:$format oci-archive:made-$format.tar:localhost/archived:$format
    compose image pull -q localhost:5000/made:$format >/dev/null
    compose image load -qi made-$format.tar
    local image
    for image in localhost:5000/made:$format localhost/archived:$format; do
      printf 'services:\n  it: {image: "%s", network_mode: none}\n' "$image" >compose.yaml
      equal "7 /tmp there" "$(compose run --rm -T it 2>/dev/null | xargs)"
    done
  done
}

dockerd_start() {
  dockerd --data-root "$scratch/docker" --exec-root "$scratch/docker-run" -H "unix://$scratch/docker.sock" -p "$scratch/docker.pid" \
    --iptables=false --ip6tables=false --bridge=none --insecure-registry localhost:5000 >"$scratch/docker.log" 2>&1 &
  registry_pids+=($!)
  trap 'registry_stop; dockerd_clean' EXIT
  eventually 20 docker_here version || skip_test "dockerd does not start here"
}
docker_here() { docker -H "unix://$scratch/docker.sock" "$@"; }
dockerd_clean() {
  local place
  for place in $(awk -v p="$scratch/docker" 'index($5, p) == 1 { print $5 }' /proc/self/mountinfo | sort -r); do umount -l "$place"; done
  rm -rf "$scratch/docker" "$scratch/docker-run"
}

test_docker_takes_what_we_save_and_push_and_we_what_it_saves_and_pushes() {
  need dockerd docker docker-registry
  dockerd_start
  registry_start
  two_images
  local id
  id=$(compose image inspect localhost/one:1 | python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["Id"])')
  compose image save localhost/one:1 localhost/two:1 | docker_here load -q >loaded
  matches "$(cat loaded)" "localhost/one:1.*localhost/two:1"
  equal "$id" "$(docker_here image inspect -f '{{.Id}}' localhost/one:1)"
  compose image tag localhost/two:1 localhost:5000/two:1
  compose image push -q localhost:5000/two:1 >/dev/null
  docker_here pull -q localhost:5000/two:1 >/dev/null
  equal "[localhost:5000/two@$(registry_digest two:1)]" "$(docker_here image inspect -f '{{.RepoDigests}}' localhost:5000/two:1)"
  docker_here tag localhost/one:1 localhost:5000/one:1
  docker_here push -q localhost:5000/one:1 >/dev/null
  docker_here save localhost/one:1 localhost/two:1 | gzip -1 >docker.tar.gz
  # A container's files, there and here.
  docker_here create --name made --network none localhost/one:1 >/dev/null
  docker_here export made >docker-export.tar
  forget_all
  compose image load -q <docker.tar.gz
  equal "localhost/one:1 localhost/two:1" "$(images_here)"
  equal "$id" "$(compose image inspect localhost/one:1 | python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["Id"])')"
  runs_here localhost/two:1 two
  compose image pull -q localhost:5000/one:1 >/dev/null
  equal "$id" "$(compose image inspect localhost:5000/one:1 | python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["Id"])')"
  compose image import -c 'CMD ["cat", "/d/link"]' docker-export.tar localhost/imported:1 >/dev/null
  runs_here localhost/imported:1 one
  compose image save localhost/imported:1 | docker_here load -q >/dev/null
}

run_tests "$@"
