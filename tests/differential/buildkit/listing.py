#!/usr/bin/env python3
"""What an image adds to its base, as lines: usage: listing.py BASE IMAGE, both saved as docker-archives.

A line a path that is new, changed or gone: type, mode, owner, and the content where it is short text, else its digest. Then the
configuration. Left out: times, extended attributes (Docker's storage keeps only capabilities), what a runtime mounts, labels that
builders add of themselves."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "builds"))
from images import CONFIG_KEYS, is_mounted, read  # noqa: E402


def is_archive(path):
    """The same files packed by another version of a program are other bytes."""
    return path.endswith((".tar", ".tgz", ".bz2", ".zst"))


def line_of(path, entry):
    words = [entry["type"], entry.get("mode", "-"), "%d:%d" % entry["owner"], path]
    if "link" in entry:
        words += ["->", entry["link"]]
    if "content" in entry:
        words.append(repr(entry["text"]) if entry["text"] is not None else "archive" if is_archive(path) else entry["content"])
    return " ".join(words)


def main():
    (base, _), (image, config) = read(sys.argv[1]), read(sys.argv[2])
    for entry in list(base.values()) + list(image.values()):
        entry.pop("attributes", None)
    for path in sorted(base.keys() | image.keys()):
        if is_mounted(path) or base.get(path) == image.get(path):
            continue
        print(line_of(path, image[path]) if path in image else "gone " + path)
    inner = config.get("config") or {}
    for key in CONFIG_KEYS + ("Labels",):
        value = inner.get(key) or None
        if key == "Labels" and value:
            value = {k: v for k, v in value.items() if not k.startswith("com.docker.compose.")}
        if key in ("Volumes", "ExposedPorts") and value:
            value = sorted(value)
        if key == "Healthcheck" and value:
            value = {k: v for k, v in value.items() if v}
        if key == "Env":
            print("\n".join("Env " + entry for entry in value or []))
            continue
        if value and not (key == "WorkingDir" and value == "/"):
            print(key, dict(sorted(value.items())) if isinstance(value, dict) else value)
    if config.get("author"):
        print("author", repr(config["author"]))


main()
