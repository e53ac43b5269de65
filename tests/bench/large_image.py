"""An image of 300 MB in five layers, made of this machine's own files, with other digests each time it is asked for: what an
engine has to do for it is never done already, and nothing has to be removed in between."""
import hashlib
import io
import json
import os
import shutil
import subprocess
import tarfile
import time
from pathlib import Path

MEGABYTES = (220, 45, 20, 10, 5)
REGISTRY = "localhost:5098"


def files_below(root):
    for directory, names, files in os.walk(root):
        names.sort()
        for name in sorted(files):
            yield Path(directory) / name


def base_layers(directory):
    """Tars without their end mark, each filled from where the one before it stopped."""
    files = (file for root in ("/usr/lib", "/usr/share", "/usr/bin") for file in files_below(root))
    for number, megabytes in enumerate(MEGABYTES):
        path = directory / f"base{number}"
        with path.open("wb") as out, tarfile.open(fileobj=out, mode="w") as tar:
            while tar.offset < megabytes << 20:
                file = next(files)
                if file.is_symlink() or (file.is_file() and file.stat().st_size < 8 << 20):
                    tar.add(file, arcname=str(file).lstrip("/"))
            end = tar.offset
        os.truncate(path, end)
        yield path


class Hashed:
    def __init__(self, out):
        self.out, self.digest = out, hashlib.sha256()

    def write(self, data):
        self.digest.update(data)
        self.out.write(data)


class LargeImage:
    def __init__(self, directory):
        self.directory = directory
        directory.mkdir()
        self.bases = list(base_layers(directory))
        self.number = 0

    def layer(self, base, path):
        mark = tarfile.TarInfo(f"made-{self.number}")
        with path.open("wb") as file:
            out = Hashed(file)
            out.write(mark.tobuf())
            with base.open("rb") as source:
                while block := source.read(1 << 20):
                    out.write(block)
            out.write(bytes(1024))
        return "sha256:" + out.digest.hexdigest()

    def make(self):
        """A docker-archive and the image's name in it."""
        self.number += 1
        name = f"{REGISTRY}/bench/large:{self.number}"
        layers = [self.directory / f"layer{number}.tar" for number in range(len(self.bases))]
        ids = [self.layer(base, layer) for base, layer in zip(self.bases, layers)]
        config = {"architecture": "amd64", "os": "linux", "config": {}, "rootfs": {"type": "layers", "diff_ids": ids}}
        manifest = [{"Config": "config.json", "RepoTags": [name], "Layers": [layer.name for layer in layers]}]
        archive = self.directory / "image.tar"
        with tarfile.open(archive, "w") as tar:
            for document, content in (("config.json", config), ("manifest.json", manifest)):
                text = json.dumps(content).encode()
                entry = tarfile.TarInfo(document)
                entry.size = len(text)
                tar.addfile(entry, io.BytesIO(text))
            for layer in layers:
                tar.add(layer, arcname=layer.name)
                layer.unlink()
        return archive, name


class Registry:
    """Debian's docker-registry on loopback while it is needed."""

    def __init__(self, directory):
        directory.mkdir()
        (directory / "config.yml").write_text(
            f"version: 0.1\nlog: {{level: error, accesslog: {{disabled: true}}}}\nstorage: {{filesystem: {{rootdirectory: {directory}/data}}}}\n"
            f"http: {{addr: '127.0.0.1:{REGISTRY.split(':')[1]}'}}\n")
        self.process = subprocess.Popen(["docker-registry", "serve", str(directory / "config.yml")], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(1)

    @staticmethod
    def here():
        return shutil.which("docker-registry") and shutil.which("skopeo")

    @staticmethod
    def take(archive, name):
        subprocess.run(["skopeo", "copy", "-q", "--insecure-policy", "--dest-tls-verify=false", f"docker-archive:{archive}",
                        f"docker://{name}"], stdin=subprocess.DEVNULL, check=True)

    def stop(self):
        self.process.terminate()
        self.process.wait()
