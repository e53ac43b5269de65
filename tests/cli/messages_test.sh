#!/bin/bash
# What the program says, in whole messages, where only the whole program can say it; and what --format makes of what it lists.
. "$(dirname "$0")/../support/cli.sh"

# refused MESSAGE COMMAND...: it fails and says exactly this (the project's directory is written as @), and nothing is left.
refused() {
  local expected=$1 said
  shift
  if said=$("$@" 2>&1); then fail "$* succeeded"; fi
  equal "$expected" "${said//"$PWD"/@}"
}

test_more_processors_than_there_are() {
  one_service '    cpus: 4096'
  local cpus
  cpus=$(getconf _NPROCESSORS_ONLN)
  refused "service \"web\": 'cpus' is 4096, this host has $cpus CPU$( ((cpus == 1)) || echo s)" compose up -d
  one_service '    cpuset: "0,4095"'
  refused "service \"web\": 'cpuset' is \"0,4095\", this host has the CPUs $(cat /sys/devices/system/cpu/online)" compose up -d
  equal "" "$(compose ps -aq)"
  equal "" "$(compose image ls -q)"
}

test_a_secret_or_config_whose_file_is_not_there() {
  one_service '    secrets: [token]
secrets: {token: {file: ./token.txt}}'
  refused "service \"web\": secret \"token\": the file '@/token.txt' does not exist" compose up -d
  one_service '    configs: [settings]
configs: {settings: {file: ./settings.ini}}'
  refused "service \"web\": config \"settings\": the file '@/settings.ini' does not exist" compose up -d
  compose config -q
  equal "" "$(compose image ls -q)"
}

test_a_build_context_that_is_not_there() {
  echo 'services: {web: {build: ./nowhere}}' >compose.yaml
  refused "service \"web\": build: the build context '@/nowhere' does not exist" compose build -q
  echo file >nowhere
  refused "service \"web\": build: the build context '@/nowhere' is not a directory" compose build -q
  echo 'services: {web: {build: .}}' >compose.yaml
  refused "service \"web\": build: there is no '@/Dockerfile' to build from" compose build -q
  printf 'FROM scratch\nRUNN true\n' >Dockerfile
  refused "service \"web\": build: Dockerfile:2: unknown instruction 'RUNN', did you mean 'RUN'?" compose build -q
}

test_an_address_that_another_container_has() {
  busybox_image
  cat >compose.yaml <<'YAML'
services:
  a: {image: test-busybox, build: ./image, command: sleep infinity, init: true, networks: {n: {ipv4_address: 10.99.0.5}}}
  b: {image: test-busybox, command: sleep infinity, init: true, networks: {n: {ipv4_address: 10.99.0.5}}}
networks: {n: {ipam: {config: [{subnet: 10.99.0.0/24}]}}}
YAML
  compose build -q a
  compose up -d a
  matches "$(compose up -d b 2>&1)" "network 't_n': address 10.99.0.5 is in use by container t-a-1$"
  matches "$(compose config -q 2>&1 | head -n 1)" 'compose.yaml:3:94: services.b.networks.n.ipv4_address: service "a" has the address 10.99.0.5 already$'
  compose down -t 0
}

test_templates_of_what_is_listed() {
  one_service '    ports: ["18080:80", "127.0.0.1:18081:81"]
    labels: {com.example.team: shop}'
  compose build -q
  compose up -d
  equal '"sleep infinity"' "$(compose ps --format '{{.Command}}')"
  equal "18080->80 18080->80 18081->81 " "$(compose ps --format '{{range .Publishers}}{{.PublishedPort}}->{{.TargetPort}} {{end}}')"
  equal "WEB up shop" "$(compose ps --format '{{upper .Service}} {{if eq .State "running"}}up{{else}}down{{end}} {{.Label "com.example.team"}}')"
  equal "NAME CONTAINER ID|t-web-1" "$(compose ps --format 'table {{.Name}}\t{{truncate .ID 3}}' | awk 'NR == 1 { printf "%s %s %s|", $1, $2, $3 } NR == 2 { print $1 }')"
  equal '{"Name":"t-web-1"}' "$(compose ps --format '{{printf "{\"Name\":%s}" (json .Name)}}')"
  matches "$(compose images --format 'table {{.Repository}}\t{{.Tag}}')" "REPOSITORY +TAG"
  equal "t running(1)" "$(compose ls --format '{{.Name}} {{.Status}}')"
  equal "v$(compose version --short)" "$(compose version -f '{{.Version}}')"
  equal "Images 1" "$(compose image df --format '{{if eq .Type "Images"}}{{.Type}} {{.TotalCount}}{{end}}' | head -n 1)"
  refused "format:1:3: there is no field 'Nmae', did you mean 'Name'?
    {{.Nmae}}
      ^" compose ps --format '{{.Nmae}}'
  compose down -t 0
}

run_tests "$@"
