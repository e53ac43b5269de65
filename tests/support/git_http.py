#!/usr/bin/env python3
"""Git's own HTTP server on loopback: usage: git_http.py PORT DIRECTORY LOG [USER:PASSWORD]

Serves the repositories in DIRECTORY; with USER:PASSWORD only to that user. Every request is a line of LOG:
"METHOD path status authorization"."""
import base64
import os
import subprocess
import sys

from http_server import Handler, Server

PORT, ROOT, LOG = int(sys.argv[1]), sys.argv[2], sys.argv[3]
WANTED = ["basic", base64.b64encode(sys.argv[4].encode()).decode()] if len(sys.argv) > 4 else None


class GitHandler(Handler):
    def do_GET(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        given = self.headers.get("Authorization", "")
        scheme, _, word = given.partition(" ")
        if WANTED and [scheme.lower(), word] != WANTED:
            self.answer(401, b"", {"WWW-Authenticate": 'Basic realm="git"'})
        else:
            self.run_backend(body)
        with open(LOG, "a") as log:
            log.write("%s %s %s %s\n" % (self.command, self.path, self.status, given or "-"))

    do_POST = do_GET

    def run_backend(self, body):
        path, _, query = self.path.partition("?")
        environment = dict(os.environ, GIT_PROJECT_ROOT=ROOT, GIT_HTTP_EXPORT_ALL="1", PATH_INFO=path, QUERY_STRING=query,
                           REQUEST_METHOD=self.command, CONTENT_TYPE=self.headers.get("Content-Type", ""), CONTENT_LENGTH=str(len(body)),
                           HTTP_CONTENT_ENCODING=self.headers.get("Content-Encoding", ""), GIT_PROTOCOL=self.headers.get("Git-Protocol", ""))
        output = subprocess.run(["git", "http-backend"], input=body, env=environment, stdout=subprocess.PIPE).stdout
        head, _, content = output.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        status = int(headers.pop("Status", "200").split()[0])
        self.answer(status, content, headers)


Server(("127.0.0.1", PORT), GitHandler).serve_forever()
