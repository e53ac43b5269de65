#!/usr/bin/env python3
"""A registry on loopback that misbehaves: usage: hostile_registry.py PORT LOG

Each repository is one way of misbehaving; every request is a line of LOG ("METHOD host:port path authorization range").
The other listener, PORT + 1, stands for somebody else's server."""
import gzip
import hashlib
import io
import json
import subprocess
import sys
import tarfile
import threading
import time

from http_server import Handler, Server

PORT, LOG = int(sys.argv[1]), sys.argv[2]
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
blobs, manifests, asked = {}, {}, {}
lock = threading.Lock()


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def put(data):
    blobs[digest(data)] = data
    return {"digest": digest(data), "size": len(data)}


def tar_of(entries):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for info, data in entries:
            tar.addfile(info, io.BytesIO(data) if data is not None else None)
    return out.getvalue()


def file_entry(name, data=b"x", **fields):
    info = tarfile.TarInfo(name)
    info.size = len(data)
    for key, value in fields.items():
        setattr(info, key, value)
    return info, data


def image(name, tar, layer=None, size=None, tag="1", layers=1):
    """An image of one layer; `layer`: other bytes for its blob, `size`: another size in the manifest."""
    packed = gzip.compress(tar, mtime=0) if layer is None else layer
    descriptor = dict(put(packed), mediaType="application/vnd.oci.image.layer.v1.tar+gzip")
    if size is not None:
        descriptor["size"] = size
    config = json.dumps({"architecture": "amd64", "os": "linux", "config": {},
                         "rootfs": {"type": "layers", "diff_ids": [digest(tar)] * layers}}).encode()
    document = json.dumps({"schemaVersion": 2, "mediaType": MANIFEST, "layers": [descriptor] * layers,
                           "config": dict(put(config), mediaType="application/vnd.oci.image.config.v1+json")}).encode()
    manifests[name, tag] = manifests[name, digest(document)] = (MANIFEST, document)
    return document, descriptor


def link(name, target, kind):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info, None


noise = hashlib.sha512(b"seed").digest()
large = tar_of([file_entry("large", b"".join(hashlib.sha512(noise + bytes([i % 256, i // 256])).digest() for i in range(40000)))])
small = tar_of([file_entry("small")])
good = {name: image(name, large) for name in ("good", "resume", "trickle", "slow-headers", "busy", "stall", "redirect", "redirect-refused", "bad-range", "error-page")}
wrong_document, wrong_layer = image("wrong-digest", tar_of([file_entry("wrong")]))
truncated_document, truncated_layer = image("truncated", tar_of([file_entry("truncated")] + [file_entry("x%d" % i) for i in range(99)]))
image("short-size", small, size=7)
image("long-size", small, size=10_000_000)
image("huge-size", small, size=1 << 60)
image("wrong-diff", small, layer=gzip.compress(tar_of([file_entry("other")]), mtime=0))
image("not-gzip", small, layer=b"\x1f\x8b" + bytes(5000))
image("up", tar_of([file_entry("../../../../tmp/hostile-up")]))
image("absolute", tar_of([file_entry("/tmp/hostile-absolute")]))
image("symlink", tar_of([link("out", "/tmp", tarfile.SYMTYPE), file_entry("out/hostile-symlink")]))
image("hardlink", tar_of([link("passwd", "../../../../etc/passwd", tarfile.LNKTYPE)]))
image("long-name", tar_of([file_entry("n" * 4096)]))
zeros = tarfile.TarInfo("zeros")
zeros.size = 1 << 40
bomb = io.BytesIO()
with gzip.GzipFile(fileobj=bomb, mode="wb", mtime=0) as packer:
    packer.write(zeros.tobuf(tarfile.GNU_FORMAT))
    for _ in range(300):
        packer.write(bytes(1 << 20))
image("bomb", small, layer=bomb.getvalue())
image("many-layers", small, layers=600)


def directory(name):
    info = tarfile.TarInfo(name)
    info.type, info.mode = tarfile.DIRTYPE, 0o755
    return info, None


def node(name, kind, major, minor):
    info = tarfile.TarInfo(name)
    info.type, info.mode, info.devmajor, info.devminor = kind, 0o666, major, minor
    return info, None


def extended(name, data, records):
    info, data = file_entry(name, data)
    info.pax_headers = records
    return info, data


image("zstd-bomb", small, layer=subprocess.run(["zstd", "-qc"], input=zeros.tobuf(tarfile.GNU_FORMAT) + bytes(300 << 20), stdout=subprocess.PIPE).stdout)
image("tar-bomb", tar_of([file_entry("%04d" % i) for i in range(3000)]))
image("sparse", tar_of([extended("GNUSparseFile.0/s", b"0\n" + bytes(510), {
    "GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": "s", "GNU.sparse.realsize": str(1 << 60)})]))
image("deep-tree", tar_of([directory("a/" * 600)]))
image("deep-by-links", tar_of([directory("a/" * 300), link("l", "a/" * 299 + "a", tarfile.SYMTYPE), directory("l/" + "b/" * 300)]))
image("removed", tar_of([node("x", tarfile.CHRTYPE, 0, 0)]))
image("nodes", tar_of([node("memory", tarfile.CHRTYPE, 1, 1), node("disk", tarfile.BLKTYPE, 8, 0)]))
image("whiteout-up", tar_of([file_entry(".wh...")]))
image("hardlink-out", tar_of([link("out", "/etc", tarfile.SYMTYPE), link("stolen", "out/hostname-of-the-host", tarfile.LNKTYPE)]))
image("through", tar_of([link("etc", "/hostile-through", tarfile.SYMTYPE), link("loop", "loop", tarfile.SYMTYPE), file_entry("loop/x")]))
image("over-links", tar_of([link("a", "/tmp/hostile-over", tarfile.SYMTYPE), file_entry("a"), link("b", "/tmp/hostile-over", tarfile.SYMTYPE),
                            link("c", "b", tarfile.LNKTYPE), file_entry("c", mode=0o4755, uid=7)]))
image("large-attribute", tar_of([extended("x", b"", {"SCHILY.xattr.user.x": "y" * (50 << 20)})]))
image("bad-capability", tar_of([extended("x", b"", {"SCHILY.xattr.security.capability": "nonsense"})]))
image("owner", tar_of([file_entry("x", uid=1 << 40)]))
image("cut-tar", small[:700])
image("members", small, layer=gzip.compress(small[:512], mtime=0) + gzip.compress(small[512:], mtime=0))
image("no-layer", small, layer=b"")
image("config-lie", small)
image("deep-config", small)
for name, broken in (("config-lie", b'{"os": "linux"} '), ("deep-config", b"[" * 1_000_000)):
    document = json.loads(manifests[name, "1"][1])
    document["config"].update(put(broken))
    if name == "config-lie":
        document["config"]["digest"] = "sha256:" + "2" * 64
        blobs["sha256:" + "2" * 64] = broken
    manifests[name, "1"] = (MANIFEST, json.dumps(document).encode())
for name in ("header-bomb", "interim", "two-lengths", "bad-chunk", "loop-redirect", "file-redirect", "http-0.9"):
    good[name] = image(name, large)
manifests["deep-json", "1"] = (MANIFEST, b'{"layers": ' + b"[" * 2_000_000)
manifests["no-digest", "1"] = (MANIFEST, json.dumps({"schemaVersion": 2, "config": {"digest": "md5:1", "size": 1}, "layers": []}).encode())
manifests["escaping-digest", "1"] = (MANIFEST, json.dumps({"schemaVersion": 2, "config": {"digest": "sha256:../../../x", "size": 1}, "layers": []}).encode())
manifests["negative-size", "1"] = (MANIFEST, json.dumps({"schemaVersion": 2, "config": {"digest": "sha256:" + "1" * 64, "size": -5}, "layers": []}).encode())
manifests["html", "1"] = ("text/html", b"<html><body>please sign in</body></html>")
manifests["large-manifest", "1"] = (MANIFEST, b" " * (5 << 20))
manifests["not-json", "1"] = (MANIFEST, b"\x00\xff{")
manifests["two-things", "1"] = (MANIFEST, json.dumps({"schemaVersion": 2, "manifests": [], "layers": [], "config": {}}).encode())
# An index that holds itself: its digest can only be a lie.
lie = "sha256:" + "1" * 64
cycle = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [
    {"mediaType": INDEX, "digest": lie, "size": 1, "platform": {"os": "linux", "architecture": "amd64"}}]}).encode()
manifests["cycle", "1"] = manifests["cycle", lie] = (INDEX, cycle)
# Indexes in indexes, each with its right digest.
inner = cycle
for _ in range(9):
    inner = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [
        {"mediaType": INDEX, "digest": digest(inner), "size": len(inner), "platform": {"os": "linux", "architecture": "amd64"}}]}).encode()
    manifests["deep", digest(inner)] = (INDEX, inner)
manifests["deep", "1"] = (INDEX, inner)


class RegistryHandler(Handler):
    def count(self):
        with lock:
            asked[self.path] = asked.get(self.path, 0) + 1
            return asked[self.path]

    def broken(self, body, offset, sent):
        """Promises the rest of the body and closes after `sent` bytes of it."""
        status, headers = (206, {"Content-Range": "bytes %d-%d/%d" % (offset, len(body) - 1, len(body))}) if offset else (200, {})
        self.answer(status, body[offset:offset + sent], headers, len(body) - offset)
        self.close_connection = True

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        with lock, open(LOG, "a") as log:
            log.write("%s %s %s %s %s\n" % (self.command, self.headers["Host"], self.path, self.headers.get("Authorization", "-"),
                                            self.headers.get("Range", "-")))
        if self.server.server_port != PORT:
            return self.elsewhere()
        parts = self.path.split("/")
        if len(parts) < 5 or parts[1] != "v2":
            return self.answer(404)
        name, kind, what = parts[2], parts[3], parts[4]
        if name.startswith("redirect") and not self.headers.get("Authorization"):
            return self.answer(401, b"{}", {"WWW-Authenticate": 'Basic realm="here"'})
        if kind == "manifests":
            return self.manifest(name, what)
        body = blobs.get(what)
        if body is None:
            return self.answer(404)
        self.blob(name, what, body)

    def manifest(self, name, what):
        if name == "busy" and self.count() <= 2:
            return self.answer(429, b"", {"Retry-After": "0"})
        if name == "header-bomb":
            return self.wfile.write(b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: %s\r\n" % (i, b"x" * 100) for i in range(10000)))
        if name == "interim":
            return self.wfile.write(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 100_000)
        if name == "two-lengths":
            return self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 50\r\n\r\nhello")
        if name == "bad-chunk":
            return self.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nhello")
        if name == "http-0.9":
            self.wfile.write(b"hello, who are you?\n")
            return self.connection.close()
        if name == "loop-redirect":
            return self.answer(302, b"", {"Location": self.path})
        if name == "file-redirect":
            return self.answer(302, b"", {"Location": "file:///etc/passwd"})
        if name == "slow-headers":
            for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 100:
                self.wfile.write(bytes([byte]))
                time.sleep(0.2)
            return None
        media_type, document = manifests.get((name, what), (None, None))
        if document is None:
            return self.answer(404, b'{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}')
        return self.answer(200, document, {"Content-Type": media_type})

    def blob(self, name, what, body):
        if body[:1] == b"{":
            return self.answer(200, body)
        wanted = self.headers.get("Range")
        offset = int(wanted[6:-1]) if wanted else 0
        turn = self.count()
        if name == "resume" and turn <= 3:
            return self.broken(body, offset, 500_000)
        if name == "busy" and turn <= 2:
            return self.answer(503)
        if name == "error-page":
            return self.answer(200, b"<html>" + b"x" * 200, {"Content-Type": "text/html"})
        if name == "stall":
            self.answer(200, body[:1000], (), len(body))
            time.sleep(20)
            return None
        if name == "trickle":
            self.answer(200, body[:1000], (), len(body))
            for i in range(1000, 1200):
                self.wfile.write(body[i:i + 1])
                time.sleep(0.1)
            return None
        if name == "bad-range" and not offset:
            return self.broken(body, 0, 1000)
        if name == "bad-range":
            return self.answer(206, body, {"Content-Range": "bytes 0-%d/%d" % (len(body) - 1, len(body))})
        if name == "truncated":
            return self.broken(body, offset, 10 if offset == 0 else 0)
        if name == "wrong-digest":
            body = body[:-1] + bytes([body[-1] ^ 1])
        if name == "redirect":
            return self.answer(307, b"", {"Location": "http://127.0.0.1:%d/%s" % (PORT + 1, what)})
        if name == "redirect-refused":
            return self.answer(307, b"", {"Location": "http://127.0.0.1:%d/refused" % (PORT + 1)})
        if offset:
            return self.answer(206, body[offset:], {"Content-Range": "bytes %d-%d/%d" % (offset, len(body) - 1, len(body))})
        return self.answer(200, body)

    def elsewhere(self):
        if self.path == "/refused":
            return self.answer(401, b"{}", {"WWW-Authenticate": 'Bearer realm="http://127.0.0.1:%d/token"' % (PORT + 1)})
        body = blobs.get(self.path[1:])
        return self.answer(404) if body is None else self.answer(200, body)


threading.Thread(target=Server(("127.0.0.1", PORT + 1), RegistryHandler).serve_forever, daemon=True).start()
Server(("127.0.0.1", PORT), RegistryHandler).serve_forever()
