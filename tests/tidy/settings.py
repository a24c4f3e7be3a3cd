#!/usr/bin/env python3
"""Fails on a member of config::Config that nothing outside config/ reads (a setting that is documented and does nothing),
and on one that does not have the name of its key."""
import pathlib
import re
import sys

# Read inside config/ alone, as they stand for other members.
PARSED_AWAY = {"map_file"}  # becomes `origins`


def members(header):
    """The data members of struct Config, also where several stand in one declaration."""
    body = re.search(r"^struct Config \{\n(.*?)^\};", header, re.M | re.S).group(1)
    body = re.sub(r"//[^\n]*", "", body)
    body = re.sub(r"\{[^{}]*\}", "", body)  # defaults that are lists
    for declaration in body.split(";"):
        declaration = re.sub(r"<[^<>]*>", "", re.sub(r"<[^<>]*>", "", declaration)).strip()
        if not declaration:
            continue
        names = re.sub(r"=[^,]*\([^)]*\)|=[^,]*", "", declaration.split(None, 1)[1])
        yield from (name.strip() for name in names.split(","))


def is_named_for(member, key):
    """wan.port is wan_port, timeout.link_ping is link_ping_timeout; _bytes may be added."""
    name = re.sub(r"[.-]", "_", key)
    if key.startswith("timeout."):
        name = name.removeprefix("timeout_") + "_timeout"
    return member in (name, name + "_bytes")


def main():
    root = pathlib.Path(sys.argv[1])
    names = list(members((root / "railgund/config/config.h").read_text()))
    readers = "\n".join(path.read_text() for folder in ("railgund", "railgunctl")
                        for path in (root / folder).rglob("*") if path.suffix in (".h", ".cc") and path.parent.name != "config")
    # identity_files() of config/state_files.h is how the rest of the daemon reads these.
    readers += (root / "railgund/config/state_files.cc").read_text()
    faults = [f"railgund/config/config.h: {name}: nothing outside config/ reads it" for name in names
              if name not in PARSED_AWAY and not re.search(rf"(\.|->){name}\b", readers)]
    table = re.findall(r'\.key = "([^"]+)",\s*\.place = &Config::(\w+),',
                       "".join(path.read_text() for path in (root / "railgund/config").glob("settings_*.cc")))
    faults += [f"railgund/config: {key} is kept as {member}, another name" for key, member in table
               if not is_named_for(member, key)]
    print("\n".join(faults + [f"{len(names)} members and {len(table)} keys checked, {len(faults)} faults"]))
    return 1 if faults or len(names) < 50 or len(table) < 50 else 0


sys.exit(main())
