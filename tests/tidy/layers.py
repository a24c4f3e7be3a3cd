#!/usr/bin/env python3
"""Fails on an include that the table of folders (railgund/CMakeLists.txt) does not allow, and on a pure folder that
reaches for the system: sockets, threads, clocks, randomness, files or logging (doc/ARCHITECTURE.md, "Three kinds of file")."""
import pathlib
import re
import sys

# What a codec or a core must not include.
SYSTEM = re.compile(r"#include\s*[<\"](thread|random|fstream|iostream|cstdio|unistd\.h|sys/(socket|epoll|stat|un)\.h|"
                    r"event2/[^>]*|libmemcached[^>]*|netdb\.h|fcntl\.h)[>\"]")
FILE_HEADERS = {"fstream", "cstdio", "sys/stat.h", "fcntl.h", "unistd.h"}
SHELL = {"log", "net", "memcached", "libraries", "statistics", "activation", "app"}
# Pure folders that read files by their nature (keys, settings), and base, whose failed check writes its last line.
MAY_READ_FILES = {"tls", "config", "base"}
RAILGUNCTL_MAY = {"base", "control", "delta", "page", "config", "http", "link", "tls", "proxy", "net", "libraries"}


def folders(root):
    text = (root / "railgund/CMakeLists.txt").read_text()
    table, pure = {}, {}
    for name, rest in re.findall(r"^railgun_folder\((\w+)([^)]*)\)", text, re.M):
        for words, key in ((table, "FOLDERS"), (pure, "PURE")):
            match = re.search(key + r"((?:\s+[a-z]\w*)+)", rest)
            words[name] = set(match.group(1).split()) if match else set()
    return table, pure


def main():
    root = pathlib.Path(sys.argv[1])
    table, pure = folders(root)
    faults = []
    checked = 0
    for path in sorted(root.glob("railgund/*/*")) + sorted(root.glob("railgunctl/*")):
        if path.suffix not in (".h", ".cc"):
            continue
        checked += 1
        folder = path.parent.name
        allowed = RAILGUNCTL_MAY if folder == "railgunctl" else table.get(folder)
        if allowed is None:
            faults.append(f"{path}: folder '{folder}' is not in railgund/CMakeLists.txt")
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            match = re.match(r'#include "railgund/(\w+)/', line)
            if match and match.group(1) != folder and match.group(1) not in allowed:
                faults.append(f"{path}:{number}: {folder} may not include {match.group(1)}")
            if folder != "railgunctl" and (folder not in SHELL or path.stem in pure[folder]):
                match = SYSTEM.match(line)
                if match and not (folder in MAY_READ_FILES and match.group(1) in FILE_HEADERS):
                    faults.append(f"{path}:{number}: a pure folder includes <{match.group(1)}>")
    for fault in faults:
        print(fault)
    print(f"{checked} files checked, {len(faults)} faults")
    return 1 if faults or checked == 0 else 0


sys.exit(main())
