#!/usr/bin/env python3
"""Checks the rules of the house (rules.py) on every tracked file; one result per rule.

What breaks a rule of size today and is known is listed in tests/tidy/ratchet with its size: it may shrink, never grow, and
leaves the list when it fits. Sources without a test of their own are in tests/tidy/untested, each with its reason.
"""
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from rules import BANNED, BANNED_TEXT, FOREIGN, LIMITS, MAY_USE, ROOMS, SHARED_FOREIGN

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent


def tracked_files():
    try:
        listed = subprocess.run(["git", "-c", "safe.directory=*", "ls-files", "-co", "--exclude-standard"], cwd=ROOT,
                                capture_output=True, text=True, check=True)
        names = listed.stdout.splitlines()
    except (OSError, subprocess.CalledProcessError):  # a tree without git
        names = [str(p.relative_to(ROOT)) for p in ROOT.rglob("*") if p.is_file() and "build" not in p.parts
                 and ".git" not in p.parts]
    return sorted(n for n in names if (ROOT / n).is_file())


def read(name):
    return (ROOT / name).read_text(encoding="utf-8", errors="replace")


def blank(match):
    return re.sub(r"[^\n]", " ", match.group(0))


TOKEN = re.compile(r'R"(\w*)\((?:.|\n)*?\)\1"|//[^\n]*|/\*(?:.|\n)*?\*/|"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])\'(?:\\.|[^\'\\\n])+\'')


def code_only(text):
    """The text with comments and literals blanked, line by line as long as before."""
    return TOKEN.sub(blank, text)


def is_source(name):
    return name.endswith((".cpp", ".hpp")) and not name.startswith("examples/")


def room_of(path):
    for room in sorted(ROOMS, key=len, reverse=True):
        if path == room or path.startswith(room + "/"):
            return room
    return None


def layers(files):
    for name in filter(is_source, files):
        room = room_of(name)
        allowed = MAY_USE.get(room)
        for number, line in enumerate(read(name).splitlines(), 1):
            included = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
            if included and allowed is not None:
                target = room_of(included.group(1))
                if target is None:
                    yield f"{name}:{number}: \"{included.group(1)}\": write the path from the top of the tree"
                elif target != room and target not in allowed:
                    yield f"{name}:{number}: {room} may not use {target}"
            foreign = re.match(r"\s*#\s*include\s+<([^>]+)>", line)
            for prefix, places in FOREIGN.items() if foreign else []:
                if foreign.group(1).startswith(prefix) and not name.startswith((*places, "tests/")):
                    yield f"{name}:{number}: <{foreign.group(1)}> belongs to {', '.join(places)}"


def links(files):
    """Each foreign library is linked by one target of ours."""
    users = {}
    for name in files:
        if not name.endswith("CMakeLists.txt") or name.startswith("tests/"):
            continue
        text = re.sub(r"#[^\n]*", "", read(name))
        for call in re.finditer(r"(?:compose_library|target_link_libraries)\(\s*(\S+)([^)]*)\)", text):
            for library in re.findall(r"\bthird_party_\w+", call.group(2)):
                users.setdefault(library, set()).add(call.group(1))
    for library, targets in sorted(users.items()):
        if len(targets) > 1 and library not in SHARED_FOREIGN:
            yield f"{library} is linked by {', '.join(sorted(targets))}"


NOT_FUNCTIONS = re.compile(r"(^|[\s;{}])(if|for|while|switch|catch|namespace|class|struct|enum|union|extern|do|else)\b[^;{}]*$")


def functions(text):
    """Yields (name, first line, lines) of every function body; a lambda belongs to the function around it."""
    code = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", blank, code_only(text), flags=re.M)
    depth_in_function, start, name, head = 0, 0, "", 0
    for i, c in enumerate(code):
        if c == "{":
            if depth_in_function:
                depth_in_function += 1
                continue
            before = code[head:i]
            opens = re.search(r"([~\w:]+(?:\s*operator[^\s(]+)?)\s*\(", before)
            is_function = opens and re.search(r"\)\s*(const|noexcept|override|final|mutable|try|&|->\s*[\w:<>*&, ]+|:\s.*|requires.*|\s)*$",
                                              before, re.S) and not NOT_FUNCTIONS.search(before) and "=" not in before.split("(")[0]
            if is_function:
                depth_in_function, start, name = 1, i, opens.group(1)
            head = i + 1
        elif c == "}":
            if depth_in_function:
                depth_in_function -= 1
                if depth_in_function == 0:
                    first = code.count("\n", 0, start) + 1
                    yield name, first, code.count("\n", 0, i) + 2 - first
            head = i + 1
        elif c == ";" and not depth_in_function:
            head = i + 1


def load_list(name):
    path = HERE / name
    lines = path.read_text().splitlines() if path.exists() else []
    return [line for line in lines if line.strip() and not line.startswith("#")]


def sizes(files):
    ratchet = {}
    for line in load_list("ratchet"):
        *key, size = line.split()
        ratchet[" ".join(key)] = int(size)
    found = {}
    for name in filter(is_source, files):
        text = read(name)
        limit = LIMITS["header" if name.endswith(".hpp") else "source"]
        if text.count("\n") > limit:
            found[f"file {name}"] = (text.count("\n"), limit, name)
        if name.startswith("tests/"):
            continue  # a test case is a list of facts; its length is its own
        for function, line, length in functions(text):
            if length > LIMITS["function"]:
                found[f"function {name} {function}"] = (length, LIMITS["function"], f"{name}:{line}")
    for key, (size, limit, where) in found.items():
        if key not in ratchet:
            yield f"{where}: {key} has {size} lines, the limit is {limit}"
        elif size > ratchet[key]:
            yield f"{where}: {key} has grown from {ratchet[key]} to {size} lines"
        elif size < ratchet[key]:
            yield f"tests/tidy/ratchet: {key} is down to {size}; write that down"
    for key in ratchet.keys() - found.keys():
        yield f"tests/tidy/ratchet: {key} fits now; take it off the list"


def banned_calls(files):
    for name in filter(is_source, files):
        code = code_only(read(name))
        for pattern, instead, places in BANNED:
            if name.startswith(tuple(places)) if places else False:
                continue
            for match in re.finditer(pattern, code):
                line = code.count("\n", 0, match.start()) + 1
                yield f"{name}:{line}: {match.group(0).strip()}: use {instead}"


def banned_text(files):
    for name in files:
        if name == "tests/tidy/rules.py" or name.endswith((".tar", ".gz", ".bin")) or "/corpus/" in name:
            continue
        text = read(name)
        for pattern, why in BANNED_TEXT:
            for match in re.finditer(pattern, text):
                yield f"{name}:{text.count(chr(10), 0, match.start()) + 1}: '{match.group(0)}': {why}"


def mirrored(files):
    """Every source has tests/unit/<same path>_test.cpp, or its header is included by a test of another name, or
    tests/tidy/untested says what tests it."""
    used = set()
    for name in files:
        if name.startswith(("tests/unit/", "tests/integration/")) and is_source(name):
            used.update(re.findall(r'#\s*include\s+"([^"]+)"', read(name)))
    reasons = {}
    for line in load_list("untested"):
        path, _, reason = line.partition(" ")
        reasons[path] = reason.strip()
        if not reason.strip():
            yield f"tests/tidy/untested: {path} has no reason"
    known = set(files)
    for name in filter(is_source, files):
        if not name.endswith(".cpp") or name.startswith("tests/"):
            continue
        has_test = f"tests/unit/{name[:-4]}_test.cpp" in known or name[:-4] + ".hpp" in used
        listed = name in reasons or any(name.startswith(r) for r in reasons if r.endswith("/"))
        if not has_test and not listed:
            yield f"{name} has no tests/unit/{name[:-4]}_test.cpp, no test includes its header, and it is not in tests/tidy/untested"
        if has_test and name in reasons:
            yield f"tests/tidy/untested: {name} has a test now; take it off the list"
    for path in reasons:
        if not any(name.startswith(path) for name in known):
            yield f"tests/tidy/untested: there is no {path}"


def headers_explain(files):
    for name in filter(is_source, files):
        if not name.endswith(".hpp") or name.startswith("tests/"):
            continue
        lines = read(name).splitlines()
        if not lines or lines[0] != "#pragma once" or len(lines) < 2 or not lines[1].startswith("//"):
            yield f"{name}: starts with #pragma once and a comment that says what it is"


def format_check(files):
    tool = shutil.which("clang-format-14") or shutil.which("clang-format")
    version = subprocess.run([tool, "--version"], capture_output=True, text=True).stdout if tool else ""
    if "version 14" not in version:  # other versions lay out some lines differently
        return None
    names = [n for n in files if n.endswith((".cpp", ".hpp"))]
    ran = subprocess.run([tool, "--dry-run", "-Werror", *names], cwd=ROOT, capture_output=True, text=True)
    return sorted({line.split(":")[0] + " is not formatted (clang-format -i)" for line in ran.stderr.splitlines()
                   if "clang-format-violations" in line})


RULES = {
    "includes follow the layers": layers,
    "each foreign library is linked by one target": links,
    "functions and files are short enough": sizes,
    "no banned call": banned_calls,
    "no banned text": banned_text,
    "every source has a test or a reason": mirrored,
    "every header says what it is": headers_explain,
    "sources are formatted": format_check,
}


def main():
    files = tracked_files()
    failed = False
    results = os.environ.get("COMPOSE_TEST_RESULTS")
    for rule, check in RULES.items():
        if len(sys.argv) > 1 and sys.argv[1] not in rule:
            continue
        problems = check(files)
        verdict = "skip" if problems is None else "pass"
        problems = list(problems or [])
        if problems:
            verdict, failed = "fail", True
        print(f"{verdict}  {rule}")
        for problem in problems:
            print(f"      {problem}")
        if results:
            with open(results, "a", encoding="utf-8") as out:
                out.write(f"{verdict}\t{rule}\t0\n")
    return 1 if failed else 0


sys.exit(main())
