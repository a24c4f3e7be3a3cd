#!/usr/bin/env python3
"""Shows that tests/tidy/layers.py fails when it must: each case is a small tree of sources with the faults it has."""
import pathlib
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import layers  # noqa: E402

FOLDERS = """
# The pure half
railgun_folder(base LIBS PkgConfig::XXHASH)
railgun_folder(link FOLDERS base)
# The shell half
railgun_folder(net FOLDERS base LIBS PkgConfig::LIBEVENT Threads::Threads)
"""
PROGRAM = "set(FOLDERS base net)\nset(LIBS CLI11::CLI11)\n"


def faults(files, exceptions=(), calendar=()):
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        tree = {"railgund/CMakeLists.txt": FOLDERS, "railgunctl/CMakeLists.txt": PROGRAM, **files}
        for name, text in tree.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text)
        return layers.Check(root, exceptions, calendar).run()


class Layers(unittest.TestCase):
    def expect(self, files, *wanted, **tables):
        found = faults(files, **tables)
        self.assertEqual(len(found), len(wanted), found)
        for text, fault in zip(wanted, found):
            self.assertIn(text, fault)

    def test_allows_what_the_rows_allow(self):
        self.expect({"railgund/base/a.cc": "#include <string>\n#include <xxhash.h>\n",
                     "railgund/link/a.cc": '#include "railgund/base/a.h"\n#include "railgund/link/b.h"\n',
                     "railgund/net/a.cc": "#include <event2/event.h>\n#include <mutex>\n#include <sys/socket.h>\n",
                     "railgunctl/probe/a.cc": '#include <CLI/CLI.hpp>\n#include "railgunctl/b.h"\n'})

    def test_an_include_of_a_folder_that_is_not_in_the_row(self):
        self.expect({"railgund/base/a.cc": '#include "railgund/link/a.h"\n'}, "a.cc:1: base may not include link")
        self.expect({"railgund/net/a.cc": '#include "railgunctl/a.h"\n'}, "net may not include railgunctl")
        self.expect({"railgunctl/probe/a.cc": '#include "railgund/link/a.h"\n'}, "railgunctl may not include link")
        self.expect({"railgund/new/a.cc": ""}, "folder 'new' has no row")

    def test_a_library_that_is_not_in_the_row(self):
        self.expect({"railgund/link/a.cc": "#include <xxhash.h>\n"}, "<xxhash.h> is of PkgConfig::XXHASH")
        self.expect({"railgund/net/a.cc": "#include <openssl/evp.h>\n"}, "<openssl/evp.h> is of OpenSSL::SSL")

    def test_headers_that_pure_code_does_without(self):
        for header in ("mutex", "atomic", "thread", "fstream", "random", "sys/socket.h", "unistd.h", "ctime"):
            self.expect({"railgund/link/a.cc": f"#include <{header}>\n"}, f"includes <{header}>")
        self.expect({"railgund/link/a.cc": "#include <unheard/of.h>\n"}, "is in no list")

    def test_words_that_pure_code_does_without(self):
        for code in ("auto t = std::chrono::steady_clock::now();", "thread_local int kept;", 'getenv("HOME");',
                     "net::steady_now();", "RAND_bytes(a, 1);", "std::mt19937_64 random;"):
            self.expect({"railgund/link/a.cc": code}, "pure code uses")
        self.expect({"railgund/link/a.cc": '// getenv("HOME")\nauto text = "getenv(";\n'})

    def test_a_file_of_the_shell_that_says_it_is_pure(self):
        files = {"railgund/net/a.h": "// Judges. Pure.\n#pragma once\n", "railgund/net/a.cc": "#include <mutex>\n"}
        self.expect(files, "net/a.cc:1: pure code includes <mutex>")

    def test_exceptions_are_for_one_file_and_one_capability(self):
        lock = [("railgund/link/a.cc", "threads", "why")]
        self.expect({"railgund/link/a.cc": "#include <mutex>\n"}, exceptions=lock)
        self.expect({"railgund/link/a.cc": "#include <mutex>\n#include <atomic>\n"}, "<atomic>", exceptions=lock)
        self.expect({"railgund/link/a.cc": "#include <mutex>\n", "railgund/link/b.cc": "#include <mutex>\n"}, "b.cc:1",
                    exceptions=lock)

    def test_an_exception_that_nothing_needs(self):
        self.expect({"railgund/link/a.cc": ""}, "does not need 'threads' any more",
                    exceptions=[("railgund/link/a.cc", "threads", "why")])

    def test_the_calendar_is_read_in_one_place(self):
        code = "auto t = std::chrono::system_clock::now();"
        self.expect({"railgund/net/a.cc": code}, "the calendar is read by net/clock.h alone")
        self.expect({"railgund/net/a.cc": code}, calendar=[("railgund/net/a.cc", "why")])

    def test_the_tables_of_this_project_name_each_reason(self):
        for entry in layers.EXCEPTIONS + layers.CALENDAR_EXCEPTIONS:
            self.assertTrue(all(entry), entry)


if __name__ == "__main__":
    unittest.main()
