#!/usr/bin/env python3
"""The tables of limits in doc/SECURITY.md: each test that they name is there, and each setting, with the default that the
manual's chapter "The settings" has."""
import pathlib
import re
import sys

top = pathlib.Path(sys.argv[1])
manual = (top / "doc/OPERATIONS.md").read_text()
tables = (top / "doc/SECURITY.md").read_text().partition("\n## Limits\n")[2].partition("\n## ")[0]
wrong = []


def default_of(setting):
    found = re.search(rf"^- `{re.escape(setting)}`: .*default ([^;)]+)", manual, re.MULTILINE)
    return found and found[1].strip()


def number(text):
    """64K and 64 KB are the same; a plain number is seconds or a count."""
    return re.sub(r"([KMG])B?$", r"\1", re.sub(r" (KB|MB|s|ms|%|bytes/s)$", lambda unit: unit[1][0] if unit[1] in ("KB", "MB") else "",
                                               text.replace(",", "")))


rows = [row.strip("| ").split(" | ") for row in tables.splitlines() if row.startswith("| ") and "---" not in row]
for row in rows:
    cells = [cell.strip() for cell in row]
    if cells[0] == "what":
        continue
    settings = re.findall(r"`([a-z]+\.[a-z_]+)`", cells[1])
    for setting in settings:
        if default_of(setting) is None:
            wrong.append(f"{setting}: no such setting")
    stated = cells[2].split(", ") if len(cells) == 4 and cells[2] else []
    for setting, said in zip(settings, stated):
        if number(said) != number(default_of(setting) or ""):
            wrong.append(f"{setting}: the table says {said}, the manual {default_of(setting)}")
    for test in re.findall(r"`([a-z0-9_]+(?:/[a-z0-9_.]+)*)`", cells[-1]):
        if not (top / "tests" / test).exists():
            wrong.append(f"{cells[0]}: there is no tests/{test}")
print("\n".join(wrong))
sys.exit(1 if wrong or len(rows) < 20 else 0)
