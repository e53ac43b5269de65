#!/usr/bin/env python3
"""Compares our `config` with Docker Compose's on a corpus of small projects.

run.py DRIVER CORPUS: exits 0 when all agree, 1 when not, 77 (skipped) where no docker-compose is found.
Every case is loaded by both in the same directory; the JSON they print is compared as values, or, where both refuse,
that both do. Cases whose name starts with "ours" are deliberate differences (docs/differences.md) and are only checked
to load. COMPOSE_DIFFERENTIAL names the program to compare with; COMPOSE_DIFFERENTIAL_ONLY a part of a case's name.
"""
import difflib
import glob
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile


def read_cases(path):
    cases, name, arguments, files, current = [], None, [], {}, None
    for line in open(path, encoding="utf-8"):
        if line.startswith("=== "):
            if name:
                cases.append((name, arguments, files))
            head, _, tail = line[4:].strip().partition("|")
            name, arguments = head.strip(), shlex.split(tail)
            files, current = {}, "compose.yaml"
        elif line.startswith("--- ") and name:
            current = line[4:].strip()
            files.setdefault(current, "")
        elif name:
            files[current] = files.get(current, "") + line
    if name:
        cases.append((name, arguments, files))
    return cases


def find_docker_compose():
    named = os.environ.get("COMPOSE_DIFFERENTIAL")
    if named:
        return [named]
    if shutil.which("docker-compose"):
        return ["docker-compose"]
    plugin = "/usr/libexec/docker/cli-plugins/docker-compose"
    return [plugin] if os.access(plugin, os.X_OK) else None


GLOBAL = {"-f", "-p", "--env-file", "--profile", "--project-directory"}


def split_arguments(arguments):
    """Global options stand before the verb, its own behind it."""
    before, behind, i = [], [], 0
    while i < len(arguments):
        if arguments[i] in GLOBAL:
            before += arguments[i:i + 2]
            i += 2
        else:
            behind.append(arguments[i])
            i += 1
    return before, behind


def run(command, directory):
    environment = {"PATH": os.environ["PATH"], "HOME": "/home/someone"}
    done = subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout, done.stderr


def write_files(directory, files):
    for name, text in files.items():
        path = os.path.join(directory, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)


def compare(reference, driver, arguments, directory):
    """None where they agree, else what differs."""
    as_yaml = arguments == ["yaml"]
    before, behind = split_arguments([] if as_yaml else arguments)
    form = ["--format", "yaml" if as_yaml else "json"]
    theirs = run(reference + before + ["config"] + form + behind, directory)
    ours = run([driver] + before + form + behind, directory)
    if (theirs[0] == 0) != (ours[0] == 0):
        return f"docker compose: {theirs[0]} {theirs[2].strip()[-400:]}\nours: {ours[0]} {ours[2].strip()[-400:]}"
    if theirs[0] != 0:
        return None
    if as_yaml:
        left, right = theirs[1], ours[1]
    else:
        left, right = (json.dumps(json.loads(t[1]), indent=1, sort_keys=True) for t in (theirs, ours))
    if left == right:
        return None
    return "\n".join(difflib.unified_diff(left.splitlines(), right.splitlines(), "docker compose", "ours", "", "", 2, ""))


def main():
    driver, corpus = map(os.path.abspath, sys.argv[1:3])
    reference = find_docker_compose()
    if not reference:
        print("skipped: no docker-compose on this machine (COMPOSE_DIFFERENTIAL names one)")
        return 77
    only = os.environ.get("COMPOSE_DIFFERENTIAL_ONLY", "")
    total, wrong = 0, 0
    for path in sorted(glob.glob(os.path.join(corpus, "*.cases"))):
        for name, arguments, files in read_cases(path):
            if only not in name:
                continue
            total += 1
            with tempfile.TemporaryDirectory(prefix="differential-") as scratch:
                directory = os.path.join(scratch, "project")
                os.makedirs(directory)
                write_files(directory, files)
                difference = compare(reference, driver, arguments, directory)
            if name.startswith("ours"):
                if difference is None:
                    wrong += 1
                    print(f"--- {os.path.basename(path)}: {name}\nno difference any more: move it among the others")
            elif difference is not None:
                wrong += 1
                print(f"--- {os.path.basename(path)}: {name}\n{difference}\n")
    print(f"{total} cases, {wrong} of them with an unexpected result")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
