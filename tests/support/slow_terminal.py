#!/usr/bin/env python3
"""slow_terminal.py COMMAND...: runs it on a terminal that is read late, and prints how many lines came, its exit code,
and whether it left the terminal blocking for those it is shared with."""
import fcntl
import os
import pty
import subprocess
import sys
import time
import tty

master, slave = pty.openpty()
tty.setraw(slave)
process = subprocess.Popen(sys.argv[1:], stdin=slave, stdout=slave, stderr=slave, close_fds=True)
time.sleep(1)
os.set_blocking(master, False)
lines, deadline = 0, time.monotonic() + 30
while time.monotonic() < deadline:
    try:
        lines += os.read(master, 65536).count(b"\n")
    except BlockingIOError:
        if process.poll() is not None:
            break
        time.sleep(0.01)
blocking = not fcntl.fcntl(slave, fcntl.F_GETFL) & os.O_NONBLOCK
print(lines, process.poll(), "blocking" if blocking else "non-blocking")
