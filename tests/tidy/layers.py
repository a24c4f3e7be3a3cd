#!/usr/bin/env python3
"""Checks what each folder may include and use (doc/ARCHITECTURE.md, "Three kinds of file").

The rows come from CMake: `railgun_folder(NAME PURE ... FOLDERS ... LIBS ...)` in railgund/CMakeLists.txt and the FOLDERS and LIBS of
railgunctl/CMakeLists.txt. A folder may include
- folders in its FOLDERS,
- headers of the libraries in its LIBS (HEADERS_OF below), and of no other library,
- the headers of the language,
- and, in the shell half, headers of the system.
Files of the pure half use none of the CAPABILITIES below unless EXCEPTIONS names the file and the reason. The same holds for
files that a folder of the shell half lists as PURE, or whose heading says "Pure." or "A core.". An exception that nothing
needs is a fault, too.
tests/tidy/layers_test.py shows that the check fails when it must."""
import pathlib
import re
import sys

# The headers that come with a library of CMake's LIBS.
HEADERS_OF = {
    "PkgConfig::XXHASH": r"xxhash\.h",
    "PkgConfig::ZSTD": r"zstd\.h",
    "PkgConfig::BROTLI": r"brotli/encode\.h",
    "PkgConfig::NGHTTP2": r"nghttp2/.*",
    "PkgConfig::LIBEVENT": r"event2/.*",
    "PkgConfig::MEMCACHED": r"libmemcached-1\.0/.*",
    "OpenSSL::SSL": r"openssl/.*",
    "OpenSSL::Crypto": r"openssl/.*",
    "ZLIB::ZLIB": r"zlib\.h",
    "Boost::headers": r"boost/.*",
    "nlohmann_json::nlohmann_json": r"nlohmann/.*",
    "CLI11::CLI11": r"CLI/.*",
    "LibArchive::LibArchive": r"archive(_entry)?\.h",
    "Threads::Threads": r"pthread\.h",
}
LANGUAGE = set("""algorithm any array bit bitset cctype cerrno charconv chrono cmath compare concepts cstddef cstdint cstdio cstdlib
cstring deque exception expected functional initializer_list iosfwd iterator limits list map memory new numeric optional ostream ranges
ratio set span sstream stdexcept string string_view system_error tuple type_traits typeinfo unordered_map unordered_set utility
variant vector version immintrin.h emmintrin.h arm_neon.h""".split())

# What codecs and cores do without: headers, and words in the code.
CAPABILITIES = {
    "files": (r"fstream|filesystem|iostream|unistd\.h|fcntl\.h|dirent\.h|poll\.h|sys/(stat|statvfs|mman|file)\.h",
              r"\bf(open|printf|write|puts)\(|\b(printf|puts)\("),
    "sockets": (r"sys/(socket|un|uio|epoll|eventfd)\.h|netdb\.h|netinet/.*|arpa/.*|net/.*|linux/.*", None),
    "threads": (r"thread|mutex|shared_mutex|condition_variable|future|semaphore|latch|barrier|stop_token|pthread\.h",
                r"\bthread_local\b|\bpthread_\w+\(|\bMutex(Lock)?\b"),
    "atomics": (r"atomic", None),
    "clocks": (r"ctime|time\.h|sys/time\.h",
               r"_clock::now\b|\b(std::)?time\((nullptr|NULL|0)\)|\b(gettimeofday|clock_gettime|wall_now|wall_microseconds|steady_now)\("),
    "randomness": (r"random|sys/random\.h",
                   r"\bRAND_\w+\(|\brandom_device\b|\bgetrandom\(|\b(std::)?s?rand\(|\bmt19937\w*|\barc4random\w*\("),
    "environment": (None, r"\b(secure_)?getenv\("),
}

# (file, or several by a shell pattern; capability; why).
EXCEPTIONS = [
    ("railgund/base/check.cc", "files", "writes the last line of a process that is about to abort"),
    ("railgund/base/file.cc", "files", "the one place where whole files are read and replaced: settings and keys are files"),
    ("railgund/base/descriptor.cc", "files", "closes descriptors; file.cc needs it, the shell uses it"),
    ("railgund/base/mutex.h", "threads", "std::mutex with annotations, for the files below and the shell"),
    ("railgund/base/histogram.h", "atomics", "one worker writes it, whoever asks reads it (ARCHITECTURE, \"Choices\")"),
    ("railgund/proxy/counter.h", "atomics", "as base/histogram.h"),
    ("railgund/proxy/site_counters.h", "atomics", "as base/histogram.h"),
    ("railgund/delta/reference.h", "threads", "its prepared state is made and dropped by any worker"),
    ("railgund/delta/reference.cc", "threads", "as above"),
    ("railgund/delta/prepared.h", "threads", "what is prepared of a reference is made once and shared by all workers"),
    ("railgund/delta/prepared.h", "atomics", "as above: says that a part is made, and its bytes"),
    ("railgund/delta/nibble_rows.cc", "threads", "thread_local: 1 MB of scratch lent to one page after the other"),
    ("railgund/delta/zstd_contexts.cc", "threads", "thread_local: zstd contexts, some 100 KB each, lent likewise"),
    ("railgund/page/cache.cc", "threads", "the one cache that all workers share: a short lock a look-up"),
    ("railgund/page/cache.h", "atomics", "one shell says what a shortage of memory forbids, all workers read it"),
    ("railgund/delta/reference.h", "atomics", "its page is unpacked once, by whoever asks for it first"),
    ("railgund/page/content_index.h", "threads", "workers share what is known of contents"),
    ("railgund/page/content_index.h", "atomics", "as above: its bytes, which each shard's limit depends on"),
    ("railgund/page/content_index.cc", "threads", "as above: a short lock a look-up"),
    ("railgund/page/template_bases.h", "threads", "workers share the pages that others are packed against"),
    ("railgund/page/template_bases.h", "atomics", "as above: their bytes, which each shard's limit depends on"),
    ("railgund/page/template_bases.cc", "threads", "as above: a short lock a packed page"),
    ("railgund/dictionary/shelf.h", "threads", "workers share the dictionaries, as browsers hold them whichever worker made them"),
    ("railgund/dictionary/shelf.cc", "threads", "as above: a short lock a look-up"),
    ("railgund/dictionary/ledger.h", "threads", "as above: a browser comes back to any worker"),
    ("railgund/dictionary/ledger.cc", "threads", "as above"),
    ("railgund/page/frequency_sketch.h", "atomics", "shared by the cache's shards, without a lock"),
    ("railgund/page/version.h", "atomics", "versions are shared; each remembers what deltas against it took"),
    ("railgund/page/version.h", "threads", "its sketch is made once and shared by all workers"),
    ("railgund/http2/session_memory.cc", "files", "maps memory, and no file"),
    ("railgund/tls/context.cc", "files", "asks for a key file's mode, and which bundle of authorities is there"),
    ("railgund/tls/certificate.cc", "sockets", "inet_ntop: writes the addresses in a certificate as text"),
    ("railgund/tls/openssl_handles.cc", "clocks", "timegm: turns a certificate's date into seconds; reads no clock"),
    ("railgund/tls/random.cc", "randomness", "OpenSSL's generator: serial numbers and tokens, which activation hands to pure code"),
    ("railgund/tls/tickets.cc", "clocks", "OpenSSL calls it in a handshake, where it judges a ticket's age by the clock itself"),
    ("railgund/tls/failure.cc", "clocks", "names the time that OpenSSL has just compared a certificate's dates with"),
    ("railgund/config/value.cc", "sockets", "inet_pton reads an address's text; it asks nobody"),
    ("railgund/config/parser.cc", "files", "std::filesystem joins the map file's path to that of the settings"),
]

# The calendar is read in one place; everybody else asks it (net/clock.h) or is told.
CALENDAR = re.compile(r"system_clock::now\b|\b(std::)?time\((nullptr|NULL|0)\)|\bgettimeofday\(")
CALENDAR_EXCEPTIONS = [
    ("railgund/net/clock.h", "the place"),
    ("railgund/log/log.cc", "a log line has its time to the millisecond; log may not include net"),
    ("railgund/tls/failure.cc", "see above; tls may not include net"),
    ("railgund/tls/tickets.cc", "likewise"),
    ("railgund/memcached/connection.cc", "memcached counts expiry in seconds of the calendar; memcached may not include net"),
]


def rows(root):
    """Per folder: what it may include, the libraries, and whether it is of the pure half."""
    table = {}
    text = (root / "railgund/CMakeLists.txt").read_text()
    shell_from = text.find("# The shell half")
    for match in re.finditer(r"^railgun_folder\((\w+)([^)]*)\)", text, re.M):
        table[match.group(1)] = row(match.group(2), 0 <= shell_from < match.start())
    program = root / "railgunctl/CMakeLists.txt"
    if program.exists():
        lists = re.findall(r"^set\((FOLDERS|LIBS)\s+([^)]*)\)", program.read_text(), re.M)
        table["railgunctl"] = row(" ".join(f"{name} {items}" for name, items in lists), True)
    return table


def row(arguments, is_shell):
    lists = {"PURE": [], "FOLDERS": [], "LIBS": []}
    current = None
    for word in arguments.split():
        if word in lists:
            current = lists[word]
        elif current is not None:
            current.append(word)
    return {"folders": set(lists["FOLDERS"]), "libraries": lists["LIBS"], "pure": set(lists["PURE"]), "shell": is_shell}


def code_of(text):
    """The text without comments and without what is between quotes, line by line; includes stay."""
    lines = []
    for line in text.splitlines():
        if not line.startswith("#include"):
            line = re.sub(r'"(\\.|[^"\\])*"', '""', line)
        lines.append(re.sub(r"//.*", "", line))
    return lines


def heading(text):
    return " ".join(line[2:].strip() for line in text.split("#pragma once")[0].splitlines() if line.startswith("//"))


def says_it_is_pure(path):
    header = path.with_suffix(".h")
    return header.exists() and re.search(r"(^|\. )(Pure|A core)[.;:,]", heading(header.read_text())) is not None


def library_faults(header, libraries):
    """Nothing if no library has the header, else whether one of the folder's has."""
    owners = [name for name, pattern in HEADERS_OF.items() if re.fullmatch(pattern, header)]
    if not owners:
        return None
    return [] if any(name in libraries for name in owners) else [f"<{header}> is of {owners[0]}, which is not in its LIBS"]


class Check:
    def __init__(self, root, exceptions, calendar_exceptions):
        self.root, self.rows = root, rows(root)
        self.exceptions = {(name, capability): 0 for name, capability, _ in exceptions}
        self.calendar = {name: 0 for name, _ in calendar_exceptions}
        self.faults, self.files = [], 0

    def run(self):
        paths = sorted(p for folder in ("railgund", "railgunctl") for p in (self.root / folder).rglob("*"))
        for path in paths:
            if path.suffix in (".h", ".cc", ".inc"):
                self.check(path)
        self.faults += [f"EXCEPTIONS: {name} does not need '{capability}' any more"
                        for (name, capability), used in self.exceptions.items() if not used]
        self.faults += [f"CALENDAR_EXCEPTIONS: {name} does not need it any more"
                        for name, used in self.calendar.items() if not used]
        return self.faults

    def check(self, path):
        name = path.relative_to(self.root).as_posix()
        parts = name.split("/")
        folder = parts[1] if parts[0] == "railgund" else parts[0]
        if folder not in self.rows:
            self.faults.append(f"{name}: folder '{folder}' has no row in CMakeLists.txt")
            return
        self.files += 1
        row = self.rows[folder]
        is_pure = not row["shell"] or path.stem in row["pure"] or says_it_is_pure(path)
        for number, line in enumerate(code_of(path.read_text()), 1):
            for fault in self.line_faults(name, folder, row, is_pure, line):
                self.faults.append(f"{name}:{number}: {fault}")

    def line_faults(self, name, folder, row, is_pure, line):
        ours = re.match(r'#include "railgun(?:d/(\w+)|ctl)/', line)
        if ours:
            other = ours.group(1) or "railgunctl"
            return [] if other == folder or other in row["folders"] else [f"{folder} may not include {other}"]
        faults = []
        system = re.match(r"#include <([^>]+)>", line)
        if system and system.group(1) not in LANGUAGE:
            faults += self.header_faults(name, row, is_pure, system.group(1))
        if is_pure:
            for capability, (_, words) in CAPABILITIES.items():
                if words and re.search(words, line) and not self.excepted(name, capability):
                    faults.append(f"pure code uses {capability}: {line.strip()}")
        if CALENDAR.search(line):
            if name in self.calendar:
                self.calendar[name] += 1
            else:
                faults.append("the calendar is read by net/clock.h alone")
        return faults

    def header_faults(self, name, row, is_pure, header):
        of_library = library_faults(header, row["libraries"])
        if of_library is not None:
            return of_library
        for capability, (headers, _) in CAPABILITIES.items():
            if headers and re.fullmatch(headers, header):
                return [f"pure code includes <{header}> ({capability})"] if is_pure and not self.excepted(name, capability) else []
        return [f"<{header}> is in no list of tests/tidy/layers.py"] if is_pure else []

    def excepted(self, name, capability):
        if (name, capability) not in self.exceptions:
            return False
        self.exceptions[name, capability] += 1
        return True


def main():
    check = Check(pathlib.Path(sys.argv[1]), EXCEPTIONS, CALENDAR_EXCEPTIONS)
    faults = check.run()
    for fault in faults:
        print(fault)
    print(f"{check.files} files checked, {len(faults)} faults")
    return 1 if faults or check.files == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
