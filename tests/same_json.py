#!/usr/bin/env python3
"""Compares the JSON of every reading command of two builds of pressmark on one archive and on a corpus of
pages: same_json.py OLD NEW [CORPUS].

The archive is that of the demonstration site, made by OLD; NEW reads a copy of it. Values are compared, not
the order of fields. Times that a command takes from the clock (`told_at`, ages in a text) are left out, and
so is what names the copy. Prints what differs and ends with 1 where something does.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

STORY = "http://courier.example/harbour/ferry-contract"
HOST = "http://courier.example/"


def run(binary, archive, args):
    command = [binary, "--quiet", "--archive", str(archive), *args]
    done = subprocess.run(command, capture_output=True, timeout=600)
    lines = []
    for line in done.stdout.decode().splitlines():
        try:
            lines.append(json.loads(line))
        except ValueError:
            lines.append(line)
    return done.returncode, lines


def settled(value, archive):
    """The value without what differs between two runs of one program."""
    if isinstance(value, dict):
        left_out = {"told_at", "source", "disk_free", "index_bytes"}
        return {k: settled(v, archive) for k, v in value.items() if k not in left_out}
    if isinstance(value, list):
        return [settled(one, archive) for one in value]
    if isinstance(value, str):
        return value.replace(str(archive), "ARCHIVE")
    return value


def commands(archive):
    urls = {capture["url"] for capture in run_old(archive, ["captures", HOST, "--match", "host", "--format", "json"])}
    yield ["captures", HOST, "--match", "host", "--format", "json"]
    yield ["status", "--format", "json"]
    yield ["due", "--format", "json"]
    yield ["changes", "--format", "json"]
    yield ["quotes", "--format", "json"]
    yield ["when", "electric ferries", "--format", "json"]
    yield ["when", "without asking for other offers", "--format", "json"]
    yield ["verify", "--format", "json"]
    yield ["evidence", "checkpoint", "--format", "json"]
    yield ["evidence", "keys", "--format", "json"]
    yield ["reindex", "--format", "json"]
    yield ["surt", STORY, HOST, "--format", "json"]
    yield ["config", "show", "--format", "json"]
    for url in sorted(urls):
        yield ["history", url, "--format", "json"]
        yield ["diff", url, "--format", "json"]
        yield ["blame", url, "--format", "json"]
        yield ["quotes", url, "--format", "json"]
        yield ["show", url, "--as", "json"]
        yield ["show", url, "--as", "record"]
        yield ["cite", url, "--format", "json"]


def run_old(archive, args):
    return run(OLD, archive, args)[1]


def main():
    differs = compared = 0
    with tempfile.TemporaryDirectory() as scratch:
        old, new = Path(scratch) / "old", Path(scratch) / "new"
        subprocess.run([OLD, "--quiet", "demo", "--keep", str(old)], check=True, stdout=subprocess.DEVNULL)
        shutil.copytree(old, new)
        cases = [(args, args) for args in commands(old)]
        pages = sorted(Path(CORPUS).rglob("*.html"))[:400] if CORPUS else []
        for page in pages:
            for command in (["show", str(page), "--as", "json"], ["quotes", str(page), "--format", "json"]):
                cases.append((command, command))
        for first, second in zip(pages, pages[1:]):
            if first.parent == second.parent:
                cases.append(2 * (["diff", str(first), str(second), "--format", "json"],))
        for before, after in cases:
            one, other = run(OLD, old, before), run(NEW, new, after)
            compared += 1
            if settled(list(one), old) != settled(list(other), new):
                differs += 1
                print("differs:", " ".join(before))
                print("  before:", str(settled(list(one), old))[:300])
                print("  after: ", str(settled(list(other), new))[:300])
    print(f"{compared} answers compared, {differs} differ")
    return 1 if differs else 0


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    OLD, NEW = sys.argv[1], sys.argv[2]
    CORPUS = sys.argv[3] if len(sys.argv) > 3 else None
    sys.exit(main())
