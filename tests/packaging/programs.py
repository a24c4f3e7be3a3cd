#!/usr/bin/env python3
"""Which programs a fresh Debian has once the packages of ./dev are installed: those of the smallest Debian (debootstrap's
minbase), of git and ca-certificates, of the packages and of all that they depend on.

  programs.py link FOLDER PACKAGE...   fills FOLDER with links to these programs. ./dev test runs the tests with FOLDER as their
                                       PATH: a test that calls a program of no listed package fails on every machine.
  programs.py check ROOT               fails if a script under ROOT calls a program of this machine that is neither of the
                                       packages that ROOT/dev names nor of those that the script's own `need` installs."""
import ast
import os
import pathlib
import re
import sys

FOLDERS = ("/usr/bin", "/usr/sbin", "/bin", "/sbin")
# What the README asks for before ./dev runs, and what installs the rest.
GIVEN = ("apt", "git", "ca-certificates")
DPKG = pathlib.Path("/var/lib/dpkg")
# Scripts that run inside another system, with that system's programs.
INSIDE = re.compile(r"tests/packaging/(inside_\w+|pair|boot)\.sh$")


class Package:
    def __init__(self, fields):
        self.name = fields["Package"]
        self.is_base = fields.get("Priority") == "required" or fields.get("Essential") == "yes"
        self.depends = [re.findall(r"(?:^|\|)\s*([a-z0-9][a-z0-9+.-]*)", group)
                        for kind in ("Pre-Depends", "Depends") for group in fields.get(kind, "").split(",") if group.strip()]
        self.provides = re.findall(r"(?:^|,)\s*([a-z0-9][a-z0-9+.-]*)", fields.get("Provides", ""))

    def files(self):
        for listing in (*DPKG.glob(f"info/{self.name}.list"), *DPKG.glob(f"info/{self.name}:*.list")):
            yield from listing.read_text().splitlines()


def installed():
    """The installed packages by name."""
    found = {}
    for paragraph in (DPKG / "status").read_text().split("\n\n"):
        fields = dict(re.findall(r"^([A-Za-z-]+): (.*)$", paragraph, re.M))
        if fields.get("Status", "").endswith(" installed"):
            found[fields["Package"]] = Package(fields)
    return found


def closure(packages, wanted):
    """Names of the packages that are there once `wanted` are."""
    reached = set()
    queue = [package.name for package in packages.values() if package.is_base] + [*GIVEN, *wanted]
    while queue:
        name = queue.pop()
        if name in reached or name not in packages:
            continue
        reached.add(name)
        for alternatives in packages[name].depends:
            real = next((one for one in alternatives if one in packages), None)
            providers = [one.name for one in packages.values() if set(alternatives) & set(one.provides)]
            if real is not None:
                queue.append(real)
            elif not reached & set(providers):
                queue += [one for one in providers if packages[one].is_base] or providers[:1]
    return reached


def programs(wanted):
    """{name: path} of the programs there are with the packages `wanted`."""
    packages = installed()
    files = {file for name in closure(packages, wanted) for file in packages[name].files()}
    files |= {os.path.realpath(file) for file in files if os.path.dirname(file) in FOLDERS}
    found = {}
    for folder in FOLDERS:
        for path in sorted(pathlib.Path(folder).iterdir()):
            is_alternative = path.is_symlink() and os.readlink(path).startswith("/etc/alternatives/")
            if str(path) in files:
                found.setdefault(path.name, str(path))
            elif is_alternative and (target := target_of(path, files)):
                found.setdefault(path.name, target)
    return found


def target_of(alternative, files):
    """One of `files` that may stand behind the link `alternative`. Another package's program may stand there now, as gawk
    does behind awk once it is installed beside mawk."""
    if os.path.realpath(alternative) in files:
        return os.path.realpath(alternative)
    record = DPKG / "alternatives" / os.path.basename(os.readlink(alternative))
    listed = record.read_text().splitlines() if record.is_file() else []
    return next((line for line in listed if line in files and os.access(line, os.X_OK)), None)


def link(folder, wanted):
    folder.mkdir(parents=True, exist_ok=True)
    found = programs(wanted)
    for path in folder.iterdir():
        path.unlink()
    for name, path in found.items():
        (folder / name).symlink_to(path)


def packages_of(dev):
    """The packages that ./dev installs for one of its commands or another."""
    text = re.sub(r"\\\n", " ", dev)
    lists = re.findall(r'^[A-Z]+_PACKAGES="([^"]*)"', text, re.M) + re.findall(r"^ +need ([^\n]*)$", text, re.M)
    return {word for words in lists for word in words.split() if not word.startswith("$")}


WORD = r"[a-z][a-z0-9_.+-]*"
# Where a command's name stands in a shell script.
COMMAND = re.compile(rf"(?:^|[|;&(!]|\$\(|\b(?:then|do|else|if|while|until|exec|as_root|sudo|env|check(?: \"[^\"]*\")|"
                     rf"refuse \"[^\"]*\"|command -v)\s|\s[A-Z_]+=\S*\s)\s*({WORD})(?=[\s;)|&]|$)", re.M)


def called_in_shell(text):
    text = re.sub(r"<<-?'?(\w+)'?.*?^\1$", "", text, flags=re.M | re.S)
    text = re.sub(r"(?:^|\s)#[^\n]*", "", text)
    text = re.sub(r"^\s*[\w* |\"$.-]+\)(?=\s)", "", text, flags=re.M)  # a pattern of case
    functions = set(re.findall(r"^\s*(\w+)\(\)", text, re.M))
    return set(COMMAND.findall(re.sub(r"'[^'\n]*'", "''", text))) - functions


def called_in_python(text):
    found = set()
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        words = [one.elts[0] for one in node.args if isinstance(one, ast.List) and one.elts]
        words += node.args[:1] if name in ("which", "inside") else []
        found |= {word.value for word in words if isinstance(word, ast.Constant) and isinstance(word.value, str)}
    return {word for word in found if re.fullmatch(WORD, word)}


def check(root):
    dev = (root / "dev").read_text()
    shell = [root / "dev", root / ".ci/run", *root.glob("tests/**/*.sh")]
    shell = [path for path in shell if not INSIDE.search(str(path))]
    texts = {path: path.read_text() for path in shell}
    # need COMMAND=PACKAGE of tests/packaging/common.sh.
    needed = {pair for text in texts.values() for pair in re.findall(rf"\b({WORD})=({WORD})(?=[\s\\]|$)", text)}
    allowed = set(programs(packages_of(dev) | {package for _, package in needed})) | {command for command, _ in needed}
    here = {path.name for folder in FOLDERS for path in pathlib.Path(folder).iterdir()}
    faults, calls = [], 0
    for path in [*shell, *root.glob("tests/**/*.py")]:
        called = called_in_python(path.read_text()) if path.suffix == ".py" else called_in_shell(texts[path])
        calls += len(called & here)
        faults += [f"{path}: {name} is in none of the packages that ./dev or `need` installs"
                   for name in sorted(called & here - allowed)]
    print("\n".join([*faults, f"{calls} calls checked, {len(faults)} faults"]))
    return 1 if faults or calls < 100 else 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["link"]:
        link(pathlib.Path(sys.argv[2]), sys.argv[3:])
    elif sys.argv[1:2] == ["check"]:
        sys.exit(check(pathlib.Path(sys.argv[2])))
    else:
        sys.exit(__doc__)
