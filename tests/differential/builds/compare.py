#!/usr/bin/env python3
"""Compares two images saved as docker-archives: usage: compare.py OURS THEIRS. Prints what differs; exit status 1 then.

Files by path: type, mode, owner, content, link, extended attributes. Not: times (a build gives everything it makes another
one), what a runtime mounts into a step, and labels that builders add of themselves."""
import sys

from images import CONFIG_KEYS, is_mounted, read


def config_of(config):
    inner = config.get("config") or {}
    values = {key: inner.get(key) or None for key in CONFIG_KEYS}
    values["Labels"] = {k: v for k, v in (inner.get("Labels") or {}).items()
                        if not k.startswith(("io.buildah.", "com.docker.compose."))} or None
    values["Env"] = [e for e in values["Env"] or [] if not e.startswith("PATH=")] or None
    values["WorkingDir"] = values["WorkingDir"] if values["WorkingDir"] != "/" else None
    values["Author"] = config.get("author") or None
    return values


def main():
    (ours, our_config), (theirs, their_config) = read(sys.argv[1]), read(sys.argv[2])
    differences = []
    for path in sorted(ours.keys() | theirs.keys()):
        if not is_mounted(path) and ours.get(path) != theirs.get(path):
            differences.append("%s: ours %s, theirs %s" % (path, ours.get(path), theirs.get(path)))
    a, b = config_of(our_config), config_of(their_config)
    differences += ["config %s: ours %s, theirs %s" % (key, a[key], b[key]) for key in a if a[key] != b[key]]
    print("\n".join(differences[:40]))
    sys.exit(bool(differences))


main()
