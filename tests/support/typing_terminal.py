#!/usr/bin/env python3
"""typing_terminal.py TEXT KEYS COMMAND...: runs it on a terminal of its own, types KEYS when each line of TEXT has been
shown, prints what it shows and then "exit CODE", with "echo" if what is typed is shown again afterwards."""
import os
import pty
import select
import sys
import termios
import time

texts, keys, command = sys.argv[1].encode().split(b"\n"), sys.argv[2].encode(), sys.argv[3:]
pid, master = pty.fork()
if pid == 0:
    os.execvp(command[0], command)
shown, typed, status, deadline = b"", False, None, time.monotonic() + 60
while time.monotonic() < deadline:
    if select.select([master], [], [], 0.05)[0]:
        try:
            shown += os.read(master, 65536)
        except OSError:
            break
    if not typed and all(text in shown for text in texts):
        os.write(master, keys)
        typed = True
    ended, code = os.waitpid(pid, os.WNOHANG)
    if ended:
        status = os.waitstatus_to_exitcode(code)
        break
if status is None:
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
while select.select([master], [], [], 0)[0]:
    try:
        shown += os.read(master, 65536)
    except OSError:
        break
echo = termios.tcgetattr(master)[3] & termios.ECHO
sys.stdout.buffer.write(shown)
sys.stdout.buffer.flush()
print("\nexit", status, "echo" if echo else "silent")
