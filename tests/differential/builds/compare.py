#!/usr/bin/env python3
"""Compares two images saved as docker-archives: usage: compare.py OURS THEIRS. Prints what differs; exit status 1 then.

Files by path: type, mode, owner, content, link, extended attributes. Not: times (a build gives everything it makes another
one), what a runtime mounts into a step, and labels that builders add of themselves."""
import hashlib
import json
import sys
import tarfile

MOUNTED = {"proc", "sys", "dev", "run", "etc/hosts", "etc/hostname", "etc/resolv.conf"}
KEYS = ("Env", "Entrypoint", "Cmd", "User", "WorkingDir", "Volumes", "ExposedPorts", "StopSignal", "Healthcheck", "Shell", "OnBuild")


def name_of(member):
    return member.name.strip("/").removeprefix("./").rstrip("/") if member.name not in (".", "./", "/") else ""


def apply_layer(files, archive):
    with tarfile.open(fileobj=archive) as tar:
        members = [(name_of(m), m) for m in tar]
        for name, _ in members:
            directory, _, last = name.rpartition("/")
            if last == ".wh..wh..opq":
                for path in [p for p in files if p.startswith(directory + "/")]:
                    del files[path]
            elif last.startswith(".wh."):
                gone = (directory + "/" if directory else "") + last[4:]
                for path in [p for p in files if p == gone or p.startswith(gone + "/")]:
                    del files[path]
        for name, member in members:
            if not name or name.rpartition("/")[2].startswith(".wh."):
                continue
            if not member.isdir() or (name in files and files[name]["type"] != "directory"):
                for path in [p for p in files if p == name or p.startswith(name + "/")]:
                    del files[path]
            if member.islnk():
                files[name] = files[member.linkname.strip("/").removeprefix("./")]
                continue
            entry = {"type": "directory" if member.isdir() else "file" if member.isfile() else "link" if member.issym() else "other",
                     "owner": (member.uid, member.gid)}
            if not member.issym():
                entry["mode"] = oct(member.mode & 0o7777)
            if member.isfile():
                entry["content"] = hashlib.sha256(tar.extractfile(member).read()).hexdigest()[:16]
            if member.issym():
                entry["link"] = member.linkname
            attributes = {k: v for k, v in member.pax_headers.items() if k.startswith("SCHILY.xattr.")}
            if attributes:
                entry["attributes"] = attributes
            files[name] = entry


def read(path):
    with tarfile.open(path) as tar:
        def member(name):
            found = tar.getmember(name)
            return tar.extractfile(member_target(tar, found))

        def member_target(tar, found):
            while found.issym():
                found = tar.getmember(found.name.rpartition("/")[0] + "/" + found.linkname if not found.linkname.startswith("../")
                                      else found.linkname[3:])
            return found

        manifest = json.load(member("manifest.json"))[0]
        config = json.load(member(manifest["Config"]))
        files = {}
        for layer in manifest["Layers"]:
            apply_layer(files, member(layer))
    return files, config


def is_mounted(path):
    return path in MOUNTED or path.partition("/")[0] in ("proc", "sys", "dev", "run")


def config_of(config):
    inner = config.get("config") or {}
    values = {key: inner.get(key) or None for key in KEYS}
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
