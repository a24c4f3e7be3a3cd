#!/usr/bin/env python3
"""Fails on a reference to a section or a manual page that is not there: doc/PROTOCOL.md, "Frames" and railgunctl(1), in
sources and documents."""
import pathlib
import re
import sys

FOLDERS = ("railgund", "railgunctl", "tests", "doc", "conf", "systemd", "debian", "rpm")
ENDINGS = {".h", ".cc", ".py", ".sh", ".md", ".txt", ".conf", ".service", ".socket", ".init", ".1", ".5", ".8", ""}
SECTION = re.compile(r'doc/(\w+\.md), "([^"]+)"')
PAGE = re.compile(r"\b(railgun|railgund|railgunctl)\((\d)\)")


def text_of(path):
    """The text with its comment lines joined, as references may run over the end of one."""
    return re.sub(r"\n[ \t]*(//|#)?[ \t]*", " ", path.read_text(errors="replace"))


def main():
    root = pathlib.Path(sys.argv[1])
    headings = {path.name: set(re.findall(r"^#+ (.+?) *$", path.read_text(), re.M)) for path in (root / "doc").glob("*.md")}
    pages = {path.name for path in (root / "doc").glob("*.[1-8]")}
    faults, count = [], 0
    paths = [path for folder in FOLDERS for path in sorted((root / folder).rglob("*")) if path.suffix in ENDINGS]
    for path in [*paths, *root.glob("*.md")]:
        if not path.is_file():
            continue
        text = text_of(path)
        for document, section in SECTION.findall(text):
            count += 1
            if section not in headings.get(document, set()):
                faults.append(f'{path.relative_to(root)}: doc/{document} has no section "{section}"')
        for name, number in PAGE.findall(text):
            count += 1
            if f"{name}.{number}" not in pages:
                faults.append(f"{path.relative_to(root)}: there is no manual page {name}({number})")
    if "ReflowComments: false" not in (root / ".clang-format").read_text():
        faults.append(".clang-format: without ReflowComments: false it destroys the tables in comments")
    print("\n".join(faults + [f"{count} references checked, {len(faults)} faults"]))
    return 1 if faults or count == 0 else 0


sys.exit(main())
