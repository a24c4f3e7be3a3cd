"""The completions of railgunctl know every command and option that its help knows, and bash can run them."""
import os
import pathlib
import re
import subprocess

BIN = pathlib.Path(os.environ.get("RAILGUN_BIN", "build/dev/bin"))
FOLDER = pathlib.Path(__file__).resolve().parents[2] / "railgunctl/completions"


def help_of(*command):
    return subprocess.run([BIN / "railgunctl", *command, "--help"], capture_output=True, text=True, check=True).stdout


def subcommands(text):
    return re.findall(r"^  ([a-z][a-z-]*)  ", text.partition("Subcommands:")[2], re.M)


def options(text):
    return set(re.findall(r"(?<![\w-])--[a-z-]+", text.partition("Options:")[2].partition("Example:")[0].partition("Subcommands:")[0]))


def complete(*words):
    script = f"source {FOLDER / 'railgunctl.bash'}; COMP_WORDS=(railgunctl {' '.join(words)} ''); " \
             f"COMP_CWORD={len(words) + 1}; _railgunctl; printf '%s\\n' \"${{COMPREPLY[@]}}\""
    return set(subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True).stdout.split())


zsh = (FOLDER / "_railgunctl").read_text()
paths = [[]]
checked = 0
for path in paths:
    text = help_of(*path)
    names = subcommands(text)
    paths += [path + [name] for name in names]
    offered = complete(*path)
    missing = (set(names) | options(text)) - offered - {"--help-all"}
    assert not missing, f"bash, after {path}: {missing}"
    for word in list(names) + sorted(options(text)):
        assert re.search(rf"(?<![\w-]){word}(?![\w-])", zsh), f"zsh lacks {word}"
        checked += 1
assert checked > 30, checked
print(f"completion: {checked} words, all known")
