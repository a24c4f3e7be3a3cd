#!/usr/bin/env python3
"""sources.py with archives of this test's making, in which a source package has moved on: no network, apt as it is."""
import hashlib
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

SOURCES = pathlib.Path(__file__).with_name("sources.py")
ORIG, PATCHES, NEW_PATCHES = "lib_1.0.orig.tar.gz", "lib_1.0-1.debian.tar.xz", "lib_1.0-1+deb12u1.debian.tar.xz"
OTHER = "other_1.0.orig.tar.gz"
# Stands for what the files hold.
CONTENT = {name: f"the bytes of {name}\n".encode() for name in (ORIG, PATCHES, NEW_PATCHES, OTHER)}
OLD, NEW = {"1.0-1": (ORIG, PATCHES)}, {"1.0-1+deb12u1": (ORIG, NEW_PATCHES)}
POOL = "pool/main/l/lib"


def digest(content):
    return hashlib.sha256(content).hexdigest()


class Archives(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="railgun-sources-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.list = self.folder / "sources.sha256"
        self.record(ORIG, PATCHES)
        (self.folder / "parts").mkdir()

    def record(self, *names, release=""):
        self.list.write_text("".join(f"{digest(CONTENT[name])}  {name}{release}\n" for name in names))

    def pool(self, root, held, pool=POOL):
        (root / pool).mkdir(parents=True)
        for file in held:
            (root / pool / file).write_bytes(CONTENT[file])

    def archive(self, name, listed, held, suite="test", package="lib"):
        """An archive whose index lists these versions and whose pool holds these files. The first one made is asked first."""
        root = self.folder / name
        self.pool(root, held)
        text = ""
        for version, files in listed.items():
            sums = "".join(f" {digest(CONTENT[file])} {len(CONTENT[file])} {file}\n" for file in files)
            text += (f"Package: {package}\nFormat: 3.0 (quilt)\nBinary: {package}\nArchitecture: any\nVersion: {version}\n"
                     f"Directory: {POOL}\nChecksums-Sha256:\n{sums}\n")
        index = root / f"dists/{suite}/main/source/Sources"
        index.parent.mkdir(parents=True)
        index.write_text(text)
        (root / f"dists/{suite}/Release").write_text(
            f"Suite: {suite}\nCodename: {suite}\nComponents: main\nArchitectures: amd64\nDate: Thu, 01 Jan 2026 00:00:00 UTC\n"
            f"SHA256:\n {digest(text.encode())} {len(text)} main/source/Sources\n")
        with open(self.folder / "parts/test.list", "a") as lines:
            lines.write(f"deb-src [trusted=yes] copy:{root} {suite} main\n")

    def run_sources(self, *arguments):
        done = subprocess.run([sys.executable, SOURCES, *arguments], capture_output=True, text=True, timeout=300,
                              env={**os.environ, "RAILGUN_SOURCES_LIST": str(self.list), "RAILGUN_APT_PARTS": str(self.folder / "parts")})
        return done.returncode, done.stdout + done.stderr

    def expect_fetched(self, *names):
        code, out = self.run_sources("fetch", self.folder / "got")
        self.assertEqual(code, 0, out)
        self.assertEqual({path.name: path.read_bytes() for path in (self.folder / "got").iterdir()},
                         {name: CONTENT[name] for name in names})
        return out

    def test_the_recorded_version_is_fetched_beside_a_security_update(self):
        self.archive("security", NEW, [NEW_PATCHES])
        self.archive("main", OLD, [ORIG, PATCHES])
        out = self.expect_fetched(ORIG, PATCHES)
        self.assertIn(f"security/{POOL}/{ORIG}", out, "the first address has no such file, and that is said")

    def test_a_version_that_no_index_lists_is_fetched_while_an_archive_has_it(self):
        self.archive("security", NEW, [NEW_PATCHES])
        self.archive("main", NEW, [ORIG, PATCHES, NEW_PATCHES])
        self.expect_fetched(ORIG, PATCHES)

    def test_the_security_archive_is_found_beside_the_only_one_of_apt(self):
        self.record(ORIG, NEW_PATCHES)
        self.archive("debian", OLD, [ORIG, PATCHES])
        self.pool(self.folder / "debian-security", [NEW_PATCHES], "pool/updates/main/l/lib")
        self.expect_fetched(ORIG, NEW_PATCHES)
        # Its index is not apt's, so an update must not go back to what the other one offers.
        code, out = self.run_sources("update", self.folder / "got")
        self.assertEqual(code, 0, out)
        self.assertIn("lib stays as it is: the index has only the older 1.0-1", out)
        self.expect_fetched(ORIG, NEW_PATCHES)

    def test_other_bytes_are_refused_and_the_next_address_is_tried(self):
        self.archive("bad", OLD, [ORIG, PATCHES])
        (self.folder / "bad" / POOL / ORIG).write_bytes(b"something else\n")
        self.archive("main", OLD, [ORIG, PATCHES])
        self.expect_fetched(ORIG, PATCHES)

    def test_what_is_gone_is_named_with_what_to_do(self):
        self.archive("security", NEW, [ORIG, NEW_PATCHES])
        code, out = self.run_sources("fetch", self.folder / "got")
        self.assertNotEqual(code, 0, out)
        for part in ("no archive has", PATCHES, "./dev portable --update", "RAILGUN_SOURCES"):
            self.assertIn(part, out)
        self.assertFalse((self.folder / "got" / PATCHES).exists())
        # A folder that still has it helps.
        (self.folder / "kept").mkdir()
        (self.folder / "kept" / PATCHES).write_bytes(CONTENT[PATCHES])
        code, out = self.run_sources("fetch", self.folder / "got", self.folder / "kept")
        self.assertEqual(code, 0, out)

    def test_update_records_the_newest_and_shows_what_changed(self):
        self.archive("security", NEW, [NEW_PATCHES])
        self.archive("main", OLD, [ORIG, PATCHES])
        code, out = self.run_sources("update", self.folder / "got")
        self.assertEqual(code, 0, out)
        self.assertIn(f"{PATCHES} -> {NEW_PATCHES}", out)
        self.assertNotIn(f"{ORIG} ->", out)
        self.assertEqual(self.list.read_text().split(), [digest(CONTENT[ORIG]), ORIG, digest(CONTENT[NEW_PATCHES]), NEW_PATCHES])
        self.expect_fetched(ORIG, NEW_PATCHES)
        code, out = self.run_sources("update", self.folder / "got")
        self.assertIn("nothing", out)

    def test_a_package_of_a_newer_release_stays_with_that_release(self):
        self.record(ORIG, PATCHES, release="  newer")
        self.archive("main", {"2.0-1": (ORIG, PATCHES)}, [])
        self.archive("next", NEW, [ORIG, PATCHES, NEW_PATCHES], suite="newer")
        self.expect_fetched(ORIG, PATCHES)
        code, out = self.run_sources("update", self.folder / "got")
        self.assertEqual(code, 0, out)
        self.assertIn(f"{PATCHES} -> {NEW_PATCHES}", out)
        self.assertEqual(self.list.read_text().split(),
                         [digest(CONTENT[ORIG]), ORIG, "newer", digest(CONTENT[NEW_PATCHES]), NEW_PATCHES, "newer"])

    def test_other_packages_are_not_taken_from_a_newer_release(self):
        self.archive("main", OLD, [ORIG, PATCHES])
        self.list.write_text(self.list.read_text() + f"{digest(CONTENT[OTHER])}  {OTHER}  newer\n")
        self.archive("next", NEW, [NEW_PATCHES], suite="newer")
        self.archive("next-other", {"1.0-1": (OTHER,)}, [OTHER], suite="newer", package="other")
        code, out = self.run_sources("update", self.folder / "got")
        self.assertEqual(code, 0, out)
        self.assertIn("nothing changed", out)

    def test_update_keeps_what_no_archive_delivers_anew(self):
        self.archive("security", NEW, [])
        self.archive("main", OLD, [ORIG, PATCHES])
        code, out = self.run_sources("update", self.folder / "got")
        self.assertEqual(code, 0, out)
        self.assertIn(f"no archive has {NEW_PATCHES}", out)
        self.expect_fetched(ORIG, PATCHES)

    def test_update_says_when_patches_are_not_in_the_list(self):
        self.record(ORIG)
        self.archive("security", NEW, [ORIG, NEW_PATCHES])
        code, out = self.run_sources("update", self.folder / "got")
        self.assertEqual(code, 0, out)
        self.assertIn("lib 1.0-1+deb12u1: Debian's patches are not applied", out)


if __name__ == "__main__":
    unittest.main()
