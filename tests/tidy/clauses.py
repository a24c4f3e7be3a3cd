#!/usr/bin/env python3
"""Fails if the code cites a clause of HTTP's documents that no row of doc/HTTP.md has, or if a row names no test that is there."""
import pathlib
import re
import sys

DOCUMENTS = "9110|9111|9112|9113|9218|8441"
CLAUSE = r"\d+(?:\.\d+)*"
# "RFC 9112 8 and 9.8", "RFC 9110 5.6, 5.6.1.2, 5.6.3". A full stop or a bracket ends it.
CITATION = re.compile(rf"RFC ({DOCUMENTS}) ({CLAUSE}(?:(?:, | and ){CLAUSE}(?![\w%]))*)")


def clauses_in(text):
    for document, clauses in CITATION.findall(text):
        for clause in re.findall(CLAUSE, clauses):
            yield document, clause


def comments_joined(path):
    return re.sub(r"\n[ \t]*// ?", " ", path.read_text(errors="replace"))


def main():
    root = pathlib.Path(sys.argv[1])
    table = (root / "doc" / "HTTP.md").read_text()
    known = set(clauses_in(table))
    faults, count = [], 0
    for path in sorted((root / "railgund").rglob("*")):
        if path.suffix not in (".h", ".cc"):
            continue
        for document, clause in clauses_in(comments_joined(path)):
            count += 1
            if (document, clause) not in known:
                faults.append(f"{path.relative_to(root)}: doc/HTTP.md has no row for RFC {document} {clause}")
    for row in table.splitlines():
        if not (row.startswith("|") and CITATION.search(row)):
            continue
        tests = re.findall(r"`(tests/[^`]+)`", row)
        faults += [f"doc/HTTP.md: there is no {test}" for test in tests if not (root / test).is_file()]
        if not tests:
            faults.append(f"doc/HTTP.md: a row without a test: {row}")
    print("\n".join(faults + [f"{count} citations checked, {len(faults)} faults"]))
    return 1 if faults or count == 0 else 0


sys.exit(main())
