"""Deltas of xdelta3 between the pairs of page versions that `railgunctl savings` measures: xdelta.py DIR [PAIRS]"""
import pathlib
import subprocess
import sys
import tempfile


def pairs(folder, most):
    """As savings chooses them: of each page's versions that differ from the one before, at most so many, spread evenly."""
    for page in sorted({path.parent for path in folder.rglob("*") if path.is_file()}):
        versions = sorted(path for path in page.iterdir() if path.is_file())
        differ = [(old, new) for old, new in zip(versions, versions[1:])
                  if new.stat().st_size and old.read_bytes() != new.read_bytes()]
        count = min(most, len(differ))
        for k in range(count):
            yield differ[k * len(differ) // count]


def main():
    folder = pathlib.Path(sys.argv[1])
    most = int(sys.argv[2]) if len(sys.argv) > 2 else 10
    chosen = list(pairs(folder, most))
    pages = sum(new.stat().st_size for _, new in chosen)
    for name, options in (("xdelta3 -9", ["-9"]), ("xdelta3 -9 -S djw", ["-9", "-S", "djw"])):
        total = 0
        with tempfile.TemporaryDirectory() as scratch:
            delta = pathlib.Path(scratch) / "delta"
            back = pathlib.Path(scratch) / "back"
            for old, new in chosen:
                # No application header; its own checksum stays, as ours does.
                subprocess.run(["xdelta3", "-e", "-f", "-q", "-A", *options, "-s", old, new, delta], check=True)
                subprocess.run(["xdelta3", "-d", "-f", "-q", "-s", old, delta, back], check=True)
                assert back.read_bytes() == new.read_bytes(), new
                total += delta.stat().st_size
        print(f"{name:18} {len(chosen)} pairs, {total:,} bytes, {100 * total / pages:.2f} % of the pages")


if __name__ == "__main__":
    main()
