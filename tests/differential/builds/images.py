"""Reads images that were saved as docker-archives: files by path, and the configuration."""
import hashlib
import json
import tarfile

MOUNTED = {"proc", "sys", "dev", "run", "etc/hosts", "etc/hostname", "etc/resolv.conf"}
CONFIG_KEYS = ("Env", "Entrypoint", "Cmd", "User", "WorkingDir", "Volumes", "ExposedPorts", "StopSignal", "Healthcheck", "Shell", "OnBuild")


def name_of(member):
    return member.name.strip("/").removeprefix("./").rstrip("/") if member.name not in (".", "./", "/") else ""


def text_of(data):
    """None: it is long or no text."""
    try:
        return data.decode() if len(data) <= 200 else None
    except UnicodeDecodeError:
        return None


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
                data = tar.extractfile(member).read()
                entry["content"] = hashlib.sha256(data).hexdigest()[:16]
                entry["text"] = text_of(data)
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
