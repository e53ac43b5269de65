#!/usr/bin/env python3
"""A proxy on loopback to which every name is this machine: http_proxy.py PORT LOG [USER:PASSWORD]

Tunnels (CONNECT) and requests with a whole address; each is a line of LOG: METHOD target Proxy-Authorization."""
import base64
import socket
import sys
import threading
import urllib.parse

PORT, LOG = int(sys.argv[1]), sys.argv[2]
WANTED = "Basic " + base64.b64encode(sys.argv[3].encode()).decode() if len(sys.argv) > 3 else None


def read_head(client):
    head = b""
    while b"\r\n\r\n" not in head:
        block = client.recv(1)
        if not block:
            return None
        head += block
    return head.decode()


def pump(source, target):
    try:
        while block := source.recv(65536):
            target.sendall(block)
    except OSError:
        pass
    for end in (source, target):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def serve(client):
    head = read_head(client)
    if head is None:
        return
    lines = head.split("\r\n")
    method, target, _ = lines[0].split(" ")
    fields = {line.split(":", 1)[0].lower(): line.split(":", 1)[1].strip() for line in lines[1:] if ":" in line}
    with open(LOG, "a") as log:
        log.write("%s %s %s\n" % (method, target, fields.get("proxy-authorization", "-")))
    if WANTED and fields.get("proxy-authorization") != WANTED:
        client.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"p\"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        return client.close()
    url = urllib.parse.urlsplit("//" + target if method == "CONNECT" else target)
    server = socket.create_connection(("127.0.0.1", url.port or 80))
    if method == "CONNECT":
        client.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
    else:
        path = urllib.parse.urlunsplit(("", "", url.path, url.query, ""))
        kept = [line for line in lines[1:] if not line.lower().startswith(("proxy-", "connection:"))]
        server.sendall("\r\n".join(["%s %s HTTP/1.1" % (method, path), "Connection: close"] + kept).encode())
    threading.Thread(target=pump, args=(client, server), daemon=True).start()
    pump(server, client)


listener = socket.create_server(("127.0.0.1", PORT))
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
