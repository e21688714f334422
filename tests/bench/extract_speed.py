"""Pages per CPU second and memory of the whole extraction, beside others, on the same pages.

usage: extract_speed.py FOLDER... [--count N] [--passes 3] [--rounds 3] [--work DIR] [--only NAME,...] [--ours BINARY]

FOLDER holds HTML files of any site (.html, or .html.gz, which are unpacked first). Ours is run with
everything on: text, metadata, sentences, quotations, figures. Beside it, each as its own documentation
says and with its metadata where it has any:

  trafilatura      Python, extract() with metadata; and the same with fast=True
  resiliparse      Python, extract_plain_text(main_content=True), text only
  trafilatura-rs   the Rust crate of that name, extract() with its defaults
  dom_smoothie     the Rust crate, a port of Readability

Nothing of these is a dependency of ours: the Python ones are put into a virtual environment and the
Rust ones into a crate of their own, both below --work (kept there for the next run; a temporary
folder without it). What cannot be had is named and left out.

Every program gets the folder and a number of passes, loads all pages and goes over them that many
times. CPU is user and system time of the whole process: that of 1 + PASSES passes less that of one
pass, so that loading, start and warm-up do not count. Rounds go through all programs in turn; the
middle of the rounds is printed. Memory is the peak of the process less the peak of one that only
loads the pages.
"""

import argparse
import gzip
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
# Each with what it needs besides and does not ask for: newer lxml has no cleaner of its own.
PYTHON_PEERS = [["trafilatura==2.3.1", "lxml_html_clean"], ["resiliparse==2.0.1"]]
CARGO = """[package]
name = "peers"
version = "0.0.0"
edition = "2021"
[dependencies]
dom_smoothie = "=0.19.0"
trafilatura = "=0.6.0"
[workspace]
"""


def build_ours():
    listed = subprocess.run(
        ["cargo", "bench", "--bench", "extract_speed", "--no-run", "--message-format", "short"],
        cwd=ROOT, capture_output=True, text=True, check=False)
    for line in listed.stderr.splitlines():
        if "Executable" in line and "(" in line:
            return [str((ROOT / line.rsplit("(", 1)[1].rstrip(")\n ")).resolve())]
    sys.exit("our own bench did not build:\n" + listed.stderr[-2000:])


def python_peers(work):
    venv = work / "venv"
    python = venv / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
    script = str(HERE / "extract_speed" / "peers.py")
    found = {}
    for wanted in PYTHON_PEERS:
        name = wanted[0].split("==")[0]
        have = subprocess.run([str(python), "-c", f"import {name}"], capture_output=True, check=False)
        if have.returncode:
            got = subprocess.run([str(python), "-m", "pip", "install", "-q", *wanted],
                                 capture_output=True, text=True, check=False)
            if got.returncode:
                print(f"left out, not to be had: {wanted[0]}", file=sys.stderr)
                continue
        found[name] = [str(python), script, name]
        if name == "trafilatura":
            found["trafilatura fast"] = [str(python), script, "trafilatura-fast"]
    return found


def rust_peers(work):
    crate = work / "peers"
    (crate / "src").mkdir(parents=True, exist_ok=True)
    (crate / "Cargo.toml").write_text(CARGO)
    shutil.copy(HERE / "extract_speed" / "peers.rs", crate / "src" / "main.rs")
    target = work / "peers-target"
    built = subprocess.run(["cargo", "build", "--release", "--target-dir", str(target)],
                           cwd=crate, capture_output=True, text=True, check=False)
    if built.returncode:
        print("left out, did not build: trafilatura-rs, dom_smoothie\n" + built.stderr[-1500:],
              file=sys.stderr)
        return {}
    binary = str(target / "release" / "peers")
    return {name: [binary, name] for name in ("trafilatura-rs", "dom_smoothie")}


def gather(folders, count, into):
    paths = []
    for folder in folders:
        paths += sorted(p for p in folder.iterdir() if p.name.endswith((".html", ".html.gz")))
    paths = paths[:count]
    size = 0
    for number, path in enumerate(paths):
        body = path.read_bytes()
        if path.name.endswith(".gz"):
            body = gzip.decompress(body)
        size += len(body)
        (into / f"{number:05}.html").write_bytes(body)
    return len(paths), size


def run(command, folder, passes):
    """CPU seconds, peak in MiB, what was printed."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = subprocess.Popen([*command, str(folder), str(passes)], stdout=out, stderr=err)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        if process.returncode:
            raise RuntimeError(err.read().decode(errors="replace")[-1500:])
        said = out.read().decode(errors="replace").strip()
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, said


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folders", nargs="+", type=pathlib.Path)
    parser.add_argument("--count", type=int)
    parser.add_argument("--passes", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--work", type=pathlib.Path)
    parser.add_argument("--only")
    parser.add_argument("--ours", help="the built bench, where cargo shall not be asked for it")
    options = parser.parse_args()
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="pressmark-extract-"))
    work = (options.work or scratch / "work").resolve()
    work.mkdir(parents=True, exist_ok=True)
    pages = scratch / "pages"
    pages.mkdir()
    try:
        count, size = gather(options.folders, options.count, pages)
        if not count:
            sys.exit("no .html or .html.gz in the folders given")
        only = options.only.split(",") if options.only else None
        programs = {"pressmark": [options.ours] if options.ours else build_ours()}
        if only is None or set(only) - {"pressmark"}:
            programs.update(python_peers(work))
            programs.update(rust_peers(work))
        if only:
            programs = {name: command for name, command in programs.items() if name in only}
        rows = {name: [] for name in programs}
        said = {}
        for _ in range(options.rounds):
            for name, command in list(programs.items()):
                try:
                    _, loaded, _ = run(command, pages, 0)
                    first, _, _ = run(command, pages, 1)
                    whole, peak, said[name] = run(command, pages, 1 + options.passes)
                except RuntimeError as problem:
                    print(f"left out, failed: {name}: {problem}", file=sys.stderr)
                    del programs[name], rows[name]
                    continue
                rows[name].append((count * options.passes / max(whole - first, 1e-6), peak - loaded, peak))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    print(f"{count} pages, {size / count / 1000:.0f} kB on average; {options.rounds} rounds of "
          f"{options.passes} passes, medians; load {os.getloadavg()[0]:.1f}")
    base = statistics.median(r[0] for r in rows["trafilatura"]) if rows.get("trafilatura") else None
    print(f"{'program':18} {'pages/CPU s':>12} {'ms a page':>10} {'x trafilatura':>14} {'MB more':>8} {'peak MB':>8}")
    for name, measured in rows.items():
        rate, more, peak = (statistics.median(column) for column in zip(*measured))
        times = f"{rate / base:14.1f}" if base else f"{'-':>14}"
        print(f"{name:18} {rate:12.0f} {1000 / rate:10.2f} {times} {more:8.0f} {peak:8.0f}")
    for name, words in said.items():
        print(f"  {name}: {words}")


if __name__ == "__main__":
    main()
