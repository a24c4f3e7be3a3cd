#!/usr/bin/env python3
"""The source files of the portable build, as sources.sha256 records them.

  sources.py fetch FOLDER [FROM...]   puts the recorded files into FOLDER: copied from a folder FROM, or downloaded. Every
                                      address that the source index offers is tried, then the package's folder on the other
                                      archives, then Debian's security archive beside the main one. A file whose sum is not the
                                      recorded one is refused, wherever it comes from.
  sources.py update FOLDER [FROM...]  records the newest versions that the archives have and prints what changed. The sums are
                                      those of the index, whose signature apt has verified. New files go into FOLDER.

The archives are those of this machine's apt. The index is read into a folder of our own, so apt's state is left as it is.
A line of the list is SUM NAME [RELEASE]. RELEASE is the Debian that a package's versions are taken from, where that is a newer
one than this machine's: the same archives are asked for it.
RAILGUN_SOURCES_LIST: another file than sources.sha256. RAILGUN_APT_PARTS: a folder of apt's source lists (deb-src) instead
of this machine's."""
import functools
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

LIST = pathlib.Path(os.environ.get("RAILGUN_SOURCES_LIST") or pathlib.Path(__file__).with_name("sources.sha256"))
DOWNLOAD = "/usr/lib/apt/apt-helper"
# Its file has no package's name: it is part of Debian's package gcc-12-source.
COMPILER = re.compile(r"gcc-[\d.]+-dfsg\.tar\.xz$")
OF_THE_COMPILER = " (in /usr/src/gcc-12, of the installed package gcc-12-source)"
KIND = re.compile(r"^(?P<package>[^_]+)_(?P<version>.+)\.(?P<kind>orig|debian)\.tar\.(?:gz|bz2|xz)$")


def say(text):
    print(f"== sources: {text}", file=sys.stderr, flush=True)


def recorded():
    """{file name: sum}, in the order of the list."""
    return {name: digest for digest, name, *_ in map(str.split, LIST.read_text().splitlines())}


def releases():
    """{package: the newer Debian it is taken from}."""
    return {package_of(fields[1]): fields[2] for fields in map(str.split, LIST.read_text().splitlines()) if len(fields) > 2}


def has_sum(path, digest):
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == digest


def compare(one, other):
    """Less than, equal to or greater than 0, as Debian orders these versions."""
    if one == other:
        return 0
    return -1 if subprocess.run(["dpkg", "--compare-versions", one, "lt", other]).returncode == 0 else 1


class Source:
    """A version of a source package in an index."""

    def __init__(self, archive, paragraph):
        fields = dict(re.findall(r"^(Version|Directory): (.*)$", paragraph, re.M))
        self.archive, self.version, self.folder = archive, fields["Version"], fields["Directory"]
        self.is_extra = "\nExtra-Source-Only: yes" in paragraph
        sums = re.search(r"^Checksums-Sha256:\s*\n((?: .*\n?)+)", paragraph, re.M)
        self.files = {name: digest for digest, _, name in map(str.split, sums[1].splitlines())} if sums else {}


class Index:
    """What the archives of this machine's apt offer of some source packages."""

    def __init__(self, packages):
        self.archives, self.sources = [], {package: [] for package in packages}
        self.releases = {package: release for package, release in releases().items() if package in self.sources}
        with tempfile.TemporaryDirectory(prefix="railgun-apt-") as folder:
            self._read(pathlib.Path(folder))

    def _read(self, folder):
        (folder / "lists/partial").mkdir(parents=True)
        options = ["-o", "Dir::Etc::SourceList=/dev/null", "-o", f"Dir::Etc::SourceParts={apt_parts(folder, self.releases.values())}",
                   "-o", f"Dir::State::Lists={folder}/lists", "-o", f"Dir::Cache={folder}", "-o", "APT::Sandbox::User="]
        done = subprocess.run(["apt-get", *options, "-qq", "update"], capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"sources: cannot read the archives' source index:\n{done.stdout}{done.stderr}")
        lines = subprocess.run(["apt-get", *options, "indextargets", "--format", "$(REPO_URI) $(RELEASE) $(FILENAME)",
                                "Created-By: Sources"], capture_output=True, text=True, check=True).stdout
        for archive, suite, file in map(str.split, lines.splitlines()):
            release = next((one for one in self.releases.values() if suite.startswith(one)), None)
            if archive not in self.archives:
                self.archives.append(archive)
            text = subprocess.run([DOWNLOAD, "cat-file", file], capture_output=True, check=True).stdout.decode(errors="replace")
            for paragraph in text.split("\n\n"):
                package = re.match(r"\s*Package: (\S+)", paragraph)
                if package and package[1] in self.sources and self.releases.get(package[1]) == release:
                    self.sources[package[1]].append(Source(archive, paragraph))

    def addresses(self, package, name):
        """Where a file may be: where an index lists it, in the package's folder on every archive, and on the security archives
        that are not among apt's, as in a system that debootstrap made: they lie beside the main one, with other folders."""
        sources = self.sources[package]
        folders = dict.fromkeys(source.folder for source in sources)
        places = [f"{source.archive}{source.folder}" for source in sources if name in source.files]
        places += [f"{archive}{folder}" for folder in folders for archive in self.archives]
        places += [re.sub(r"/debian/$", "/debian-security/", archive) + re.sub("^pool/(?!updates/)", "pool/updates/", folder)
                   for folder in folders for archive in self.archives if archive.endswith("/debian/")]
        return [f"{place}/{name}" for place in dict.fromkeys(places)]

    def newest(self, package):
        return max((source for source in self.sources[package] if not source.is_extra),
                   key=functools.cmp_to_key(lambda one, other: compare(one.version, other.version)), default=None)


def apt_parts(folder, newer=()):
    """A folder with the source lists of this machine's Debian archives, for sources, and the same of the releases `newer`."""
    if given := os.environ.get("RAILGUN_APT_PARTS"):
        return given
    parts = folder / "parts"
    parts.mkdir()
    with_fields, lines = pathlib.Path("/etc/apt/sources.list.d/debian.sources"), pathlib.Path("/etc/apt/sources.list")
    here = re.search(r"^VERSION_CODENAME=(\w+)", pathlib.Path("/etc/os-release").read_text(), re.M)
    for release in {here and here[1], *newer}:
        def of_release(text):
            return re.sub(rf"\b{here[1]}\b", release, text) if here else text
        if with_fields.exists():
            text = re.sub(r"^Types:.*", "Types: deb-src", with_fields.read_text(), flags=re.M)
            (parts / f"{release}.sources").write_text(of_release(text))
        if lines.exists():
            found = re.findall(r"^deb\s.*", lines.read_text(), re.M)
            (parts / f"{release}.list").write_text(of_release("".join(re.sub("^deb", "deb-src", line) + "\n" for line in found)))
    return parts


def package_of(name):
    match = KIND.match(name)
    if match is None:
        sys.exit(f"sources: {name} is not a file of a source package")
    return match["package"]


def fetch(folder, others):
    missing = {}
    for name, digest in recorded().items():
        for other in others:
            if not has_sum(folder / name, digest) and has_sum(other / name, digest):
                shutil.copyfile(other / name, folder / name)
        if not has_sum(folder / name, digest):
            missing[name] = digest
    if not missing:
        return
    index = Index({package_of(name) for name in missing if not COMPILER.match(name)})
    gone = [name for name, digest in missing.items() if COMPILER.match(name) or not download(index, name, digest, folder)]
    if gone:
        sys.exit("sources: no archive has these recorded files any more:\n" + "".join(f"  {name}{OF_THE_COMPILER if COMPILER.match(name) else ''}\n" for name in gone) +
                 "`./dev portable --update` records the newest versions and shows what changes; RAILGUN_SOURCES=DIR takes the "
                 "files from a folder that still has them.")


def download(index, name, digest, folder):
    """Whether one of the addresses has the recorded file."""
    for address in index.addresses(package_of(name), name):
        partial = folder / f"{name}.new"
        done = subprocess.run([DOWNLOAD, "-o", "APT::Sandbox::User=", "download-file", address, partial, f"SHA256:{digest}"],
                              capture_output=True, text=True)
        if done.returncode == 0 and has_sum(partial, digest):
            partial.rename(folder / name)
            return True
        for left in folder.glob(f"{name}.new*"):
            left.unlink()
        reason = next((line for line in done.stderr.splitlines() if line.startswith("E: ")), "other bytes than recorded")
        say(f"{address}: " + re.sub(r"^E: (Failed to fetch \S+ *)?", "", reason))
    return False


def update(folder, others):
    old = recorded()
    packages = dict.fromkeys(package_of(name) for name in old if not COMPILER.match(name))
    index = Index(packages)
    new, notes = {}, []
    for package in packages:
        mine = {name: digest for name, digest in old.items() if name.startswith(f"{package}_")}
        files, note = newest_files(index, package, mine, folder)
        new |= files
        notes += [note] if note else []
    for name, digest in old.items():
        if COMPILER.match(name):
            there = (path for other in others for path in sorted(other.glob("gcc-*.tar.xz")) if COMPILER.match(path.name))
            path = next(there, None)
            new |= {name: digest} if path is None else {path.name: hashlib.sha256(path.read_bytes()).hexdigest()}
    fresh = LIST.with_suffix(".new")
    newer = releases()
    fresh.write_text("".join(f"{digest}  {name}" + (f"  {newer[package_of(name)]}" if KIND.match(name) and package_of(name) in newer else "") + "\n"
                             for name, digest in new.items()))
    fresh.replace(LIST)
    changes = [f"  {before} -> {after}" for before, after in zip(old, new) if (before, old[before]) != (after, new[after])]
    print("\n".join([*(changes or ["  nothing changed"]), *(f"  note: {note}" for note in notes)]))


def newest_files(index, package, mine, folder):
    """Of the package's newest version, the files of the kinds that `mine` has (or `mine` itself), and a note or nothing."""
    source = index.newest(package)
    if source is None:
        sys.exit(f"sources: no archive offers the source package {package}")
    files = {}
    for name in mine:
        kind = KIND.match(name)["kind"]
        found = [file for file in source.files if (match := KIND.match(file)) and match["kind"] == kind]
        if len(found) != 1:
            sys.exit(f"sources: {package} {source.version} has {len(found)} files of the kind {kind}: {list(source.files)}")
        if compare(KIND.match(found[0])["version"], KIND.match(name)["version"]) < 0:
            return mine, f"{package} stays as it is: the index has only the older {source.version}. Is the security archive among apt's?"
        files[found[0]] = source.files[found[0]]
    for name, digest in files.items():
        if name not in mine and not has_sum(folder / name, digest) and not download(index, name, digest, folder):
            return mine, f"{package} stays as it is: the index has {source.version}, but no archive has {name}"
    if "+deb" in source.version and not any(KIND.match(name)["kind"] == "debian" for name in files):
        return files, f"{package} {source.version}: Debian's patches are not applied. If they matter, add its .debian.tar"
    return files, None


if __name__ == "__main__":
    work = {"fetch": fetch, "update": update}.get(sys.argv[1] if len(sys.argv) > 2 else "")
    if work is None:
        sys.exit(__doc__)
    target, *folders = map(pathlib.Path, sys.argv[2:])
    target.mkdir(parents=True, exist_ok=True)
    work(target, folders)
