"""The rules that tidy.py checks, as data. docs/ARCHITECTURE.md has the table of layers in words."""
import re
from pathlib import Path

# Rooms, most specific prefix first; a file belongs to the first that matches.
ROOMS = [
    "base", "runtime-shim/spec", "runtime-shim/client", "runtime-shim/shim", "runtime-shim/rootfs", "runtime-shim/isolation",
    "runtime-shim/cgroup", "runtime-shim/init", "runtime-shim", "net/spec", "net/dns", "net/netlink", "net", "images",
    "scheduler", "compose/model", "compose/loader", "compose/lower", "compose/state", "compose/adapters", "compose/ui",
    "compose/cli", "tests", "examples",
]

_RUNTIME = {"base", "runtime-shim/spec", "runtime-shim/rootfs", "runtime-shim/isolation", "runtime-shim/cgroup",
            "runtime-shim/init"}
_VALUES = {"base", "runtime-shim/spec", "net/spec"}

# Which rooms a room may include, itself always among them.
MAY_USE = {
    "base": set(),
    "runtime-shim/spec": {"base"},
    "runtime-shim/rootfs": _RUNTIME,
    "runtime-shim/isolation": _RUNTIME,
    "runtime-shim/cgroup": _RUNTIME,
    "runtime-shim/init": _RUNTIME,
    # client/ holds the protocol that both sides speak.
    "runtime-shim/shim": _RUNTIME | {"net/dns", "net/spec", "runtime-shim/client"},
    "runtime-shim/client": {"base", "runtime-shim/spec", "runtime-shim/cgroup"},
    "net/spec": {"base"},
    "net/dns": {"base", "net/spec"},
    "net/netlink": {"base", "net/spec"},
    "net": {"base", "net/spec", "net/netlink", "net/dns"},
    "images": {"base"},
    "scheduler": _VALUES,
    "compose/model": {"base"},
    "compose/loader": _VALUES | {"compose/model"},
    "compose/lower": _VALUES | {"compose/model", "scheduler"},
    "compose/state": _VALUES | {"scheduler"},
    "compose/adapters": _VALUES | {"scheduler", "net", "net/dns", "images", "runtime-shim/client", "compose/state",
                                   "compose/model"},
    "compose/ui": _VALUES | {"scheduler", "compose/model"},
    "compose/cli": None,  # everything
    "tests": None,
    "examples": {"examples"},
}

# Header prefix in <>: the only places (path prefixes) that may include it.
FOREIGN = {
    "yaml-cpp/": ["compose/loader/"],
    "netlink/": ["net/"],
    "nftables/": ["net/"],
    "CLI/": ["compose/cli/"],
    "sqlite3.h": ["base/database"],
    "archive.h": ["images/"],
    "archive_entry.h": ["images/"],
    "openssl/": ["base/digest", "images/"],
    "seccomp.h": ["runtime-shim/isolation/"],
    "boost/": ["compose/adapters/", "compose/ui/", "compose/cli/", "runtime-shim/client/", "scheduler/", "images/", "net/"],
    "doctest/": ["tests/"],
    "spdlog/": ["base/log"],
}

# Foreign targets that more than one of our targets may link.
SHARED_FOREIGN = {"third_party_json", "third_party_asio", "third_party_doctest"}

# (regular expression on code without comments and strings, what to use instead, path prefixes where it is right)
BANNED = [
    (r"(?<![\w:>.])::open\(", "base::sys::open", ["base/", "runtime-shim/", "compose/cli/main.cpp", "examples/"]),
    (r"(?<![\w:>.])::openat\(", "base::sys::open_at", ["base/", "runtime-shim/"]),
    (r"\bstrerror\(", "base::error_text", []),
    (r"\bsleep_for\b", "a timer or an event", []),
    (r"\bstd::j?thread\b", "a coroutine; nothing here is multi-threaded", []),
    (r"\bstd::async\b", "a coroutine", []),
    (r"(?<![\w.>])(::|std::)?system\(", "base::spawn", []),
    (r"\bpopen\(", "base::spawn", []),
    (r"(?<![\w.>:])(::)kill\(", "base::Process::send_signal (a pidfd)", ["base/fault.cpp", "runtime-shim/shim/",
                                                                       "runtime-shim/init/", "runtime-shim/cgroup/",
                                                                       "net/dns/names_table.cpp",  # signal 0: is it alive?
                                                                       "tests/"]),
    (r"\bstd::c(out|err)\b", "compose/ui, or base::log", ["tests/", "compose/cli/", "compose/ui/"]),
    (r"\busing namespace std;", "std::", []),
    (r"\bassert\(", "an Error", []),
    (r"\b(strcpy|strcat|sprintf|gets|mktemp|tmpnam)\(", "std::string, base::text", []),
]
# In any tracked text file.
BANNED_TEXT = [
    (r"FIX" r"ME", "fix it, or say as a comment why it is so"),
    (re.escape(str(Path(__file__).resolve().parents[2])) + "/", "the path of this very checkout: name files from its top"),
    (r"(?i)not (yet )?implemented", "fail with an Error that says what is out of scope"),
    (r"(?i)\bfor now\b", "say what is missing, or do it"),
]

LIMITS = {"function": 70, "source": 800, "header": 400}
