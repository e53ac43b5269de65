#!/usr/bin/env python3
"""A registry on loopback that takes pushes, asks who is there, and fails as it is told: registry_server.py FILE

FILE is JSON, read again for each request, so that a test changes it as it goes:
  port, log      every request is a line of `log`: METHOD path status authorization range
  auth           "basic" or "bearer": user "ann", password "secret"; bearer: tokens of a service on port + 1, good for `uses`
                 requests; with "identity" the service wants that refresh token instead of the password
  tls            {"cert": FILE, "key": FILE, "client_ca": FILE}
  faults         [{"match": "PUT .*/uploads/", "times": 1, and one of
                   "status": 503, "headers": {}, "body": ""    that answer
                   "cut": 1000                                 the connection ends after so many bytes of the body
                   "stall": 20                                 so many seconds of silence in the middle of the body
                   "wrong": true                               another last byte}]
"""
import base64
import hashlib
import json
import re
import ssl
import sys
import threading
import time
import urllib.parse
import uuid

from http_server import Handler, Server

FILE = sys.argv[1]
FIRST = json.load(open(FILE))
PORT = FIRST["port"]
blobs, manifests, uploads, tokens, used = {}, {}, {}, {}, {}  # blobs by (repository, digest)
lock = threading.Lock()


def settings():
    try:
        return json.load(open(FILE))
    except ValueError:  # being written
        time.sleep(0.05)
        return json.load(open(FILE))


def digest_of(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


class RegistryHandler(Handler):
    def handle_any(self):
        size = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(size) if size else b""
        self.fault = self.find_fault()
        try:
            if self.server.server_port == PORT + 1:
                self.token(body)
            elif self.fault and "status" in self.fault:
                self.answer(self.fault["status"], self.fault.get("body", "").encode(), self.fault.get("headers", {}))
            elif self.known():
                self.route(body)
        finally:
            with lock, open(FIRST["log"], "a") as log:
                log.write("%s %s %s %s %s\n" % (self.command, self.path, self.status, self.headers.get("Authorization", "-"),
                                                self.headers.get("Range", "-")))

    do_GET = do_HEAD = do_PUT = do_POST = do_PATCH = handle_any

    def find_fault(self):
        with lock:
            for i, fault in enumerate(settings().get("faults", [])):
                key = json.dumps([i, fault])
                if re.search(fault["match"], "%s %s" % (self.command, self.path)) and used.get(key, 0) < fault.get("times", 1):
                    used[key] = used.get(key, 0) + 1
                    return fault
        return None

    def known(self):
        auth, given = settings().get("auth"), self.headers.get("Authorization", "")
        if not auth:
            return True
        if auth == "basic":
            if given == "Basic " + base64.b64encode(b"ann:secret").decode():
                return True
            self.answer(401, b'{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}', {"WWW-Authenticate": 'Basic realm="here, \\"there\\""'})
            return False
        repository = self.path.split("/v2/")[1].rsplit("/", 2)[0].removesuffix("/blobs")
        scope = "repository:%s:%s" % (repository, "pull" if self.command in ("GET", "HEAD") and "/uploads/" not in self.path else "pull,push")
        with lock:
            scopes, left = tokens.get(given.removeprefix("Bearer "), ((), 0))
            tokens[given.removeprefix("Bearer ")] = (scopes, left - 1)
        if left > 0 and any(s == scope or s == scope + ",push" for s in scopes):
            return True
        self.answer(401, b"{}", {"WWW-Authenticate": 'Bearer realm="http://127.0.0.1:%d/token?a=b",service="the service",scope="%s",error="invalid_token"' % (PORT + 1, scope)})
        return False

    def token(self, body):
        url = urllib.parse.urlsplit(self.path)
        form = urllib.parse.parse_qs(body.decode() if self.command == "POST" else url.query)
        if self.fault:
            return self.answer(self.fault["status"], b"", self.fault.get("headers", {}))
        scopes = [s for given in form.get("scope", []) for s in given.split(" ")]
        identity = settings().get("identity")
        if self.command == "POST":
            good = identity and form.get("refresh_token") == [identity] and form.get("grant_type") == ["refresh_token"]
        else:
            good = not identity and self.headers.get("Authorization") == "Basic " + base64.b64encode(b"ann:secret").decode()
        if not good or form.get("service") != ["the service"]:
            return self.answer(401, b'{"details":"who are you?"}')
        name = uuid.uuid4().hex
        with lock:
            tokens[name] = (scopes, settings().get("uses", 1000))
        self.answer(200, json.dumps({"access_token" if identity else "token": name, "expires_in": 60}).encode())

    def route(self, body):
        match = re.fullmatch(r"/v2/(?:(.+)/(manifests|tags|blobs|blobs/uploads)/([^/?]*)(?:\?(.*))?)?", self.path)
        if not match:
            return self.answer(404)
        repository, kind, what, query = match.groups()
        if not repository:
            return self.answer(200)
        query = urllib.parse.parse_qs(query or "")
        if kind == "blobs/uploads":
            return self.upload(repository, what, query, body)
        if self.command == "PUT":
            manifests[repository, what] = manifests[repository, digest_of(body)] = (self.headers["Content-Type"], body)
            return self.answer(201, b"", {"Docker-Content-Digest": digest_of(body)})
        if kind == "tags":
            tags = sorted(tag for name, tag in manifests if name == repository and not tag.startswith("sha256:"))
            if not tags:
                return self.answer(404, b'{"errors":[{"code":"NAME_UNKNOWN","message":"repository name not known to registry"}]}')
            return self.answer(200, json.dumps({"name": repository, "tags": tags}).encode())
        if kind == "manifests":
            media_type, body = manifests.get((repository, what), (None, None))
            if body is None:
                return self.answer(404, b'{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}')
            return self.answer(200, body, {"Content-Type": media_type, "Docker-Content-Digest": digest_of(body)})
        if (repository, what) not in blobs:
            return self.answer(404)
        self.blob(blobs[repository, what])

    def blob(self, body):
        wanted = self.headers.get("Range")
        offset = int(wanted[6:-1]) if wanted else 0
        if wanted and offset >= len(body):
            return self.answer(416)
        status, headers = (206, {"Content-Range": "bytes %d-%d/%d" % (offset, len(body) - 1, len(body))}) if wanted else (200, {})
        rest, fault = body[offset:], self.fault or {}
        if "wrong" in fault:
            rest = rest[:-1] + bytes([rest[-1] ^ 1])
        if "cut" in fault:
            self.answer(status, rest[:fault["cut"]], headers, len(rest))
            self.close_connection = True
            return self.connection.close()
        if "stall" in fault:
            self.answer(status, rest[:1000], headers, len(rest))
            return time.sleep(fault["stall"])
        self.answer(status, rest, headers)

    def upload(self, repository, session, query, body):
        if self.command == "POST":
            if "mount" in query:
                there = (query["from"][0], query["mount"][0])
                if there in blobs:
                    blobs[repository, there[1]] = blobs[there]
                    return self.answer(201, b"", {"Location": "/v2/%s/blobs/%s" % (repository, there[1])})
            session = uuid.uuid4().hex
            uploads[session] = b""
            return self.answer(202, b"", {"Location": "/v2/%s/blobs/uploads/%s?state=a%%2Fb" % (repository, session)})
        if session not in uploads or query.get("state") != ["a/b"]:
            return self.answer(404, b'{"errors":[{"code":"BLOB_UPLOAD_UNKNOWN","message":"upload unknown"}]}')
        uploads[session] += body
        if self.command == "PATCH":
            return self.answer(202, b"", {"Location": self.path})
        data = uploads.pop(session)
        if digest_of(data) != query["digest"][0]:
            return self.answer(400, b'{"errors":[{"code":"DIGEST_INVALID","message":"digest invalid"}]}')
        blobs[repository, query["digest"][0]] = data
        self.answer(201, b"", {"Location": "/v2/%s/blobs/%s" % (repository, query["digest"][0])})


server = Server(("127.0.0.1", PORT), RegistryHandler)
if FIRST.get("tls"):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(FIRST["tls"]["cert"], FIRST["tls"]["key"])
    if FIRST["tls"].get("client_ca"):
        context.load_verify_locations(FIRST["tls"]["client_ca"])
        context.verify_mode = ssl.CERT_REQUIRED
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
threading.Thread(target=Server(("127.0.0.1", PORT + 1), RegistryHandler).serve_forever, daemon=True).start()
server.serve_forever()
