"""Pages per second and CPU per page of a crawl into WARC, beside wget, in one run.

usage: crawl.py --pages DIR [--binary target/release/pressmark] [--count 1000] [--hosts 100]
                [--rounds 3] [--set KEY=VALUE ...] [--no-wget] [--packed] [--spider DIR]
                [--s3 MOTO_SERVER]
       crawl.py --synthetic BYTES --count 100000 ...        (pages of made-up words instead of DIR)

DIR holds HTML files of any site; they are served by nginx on loopback (one worker, gzip off, kept
alive) from as many addresses 127.0.1.N as there are hosts. Every program gets the same list of
addresses, in turn, round after round. wall and CPU are of the program alone, nginx left out; size
is of the WARC files it wrote; the peak of memory is the process's own high-water mark. nginx and wget
are Debian packages of these names.

--packed has the origin send its pages packed (gzip level 6, made beforehand) to clients that accept that,
as most sites do. pressmark does accept it, wget does not.

--spider also runs the spider crate, which is built in DIR (ten minutes the first time): it starts
from a page that links to all pages on one host, with its WARC writer on. It packs nothing, digests
nothing, and rewrites headers; pressmark and wget do all of that, from a list over all hosts.

--s3 also runs pressmark with an object storage (moto on loopback, whose processor time is not counted but is taken
from the same cores) in WARC files of 8 MiB, and without one in files of that length. Of these the time of fetching is
printed beside: from the report, without what is sent after the last page. With a pace such as
--set politeness.delay_min=50ms the network bounds the crawl, as it does outside.
"""

import argparse
import datetime
import gzip
import json
import os
import pathlib
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

SPIDER = {
    "Cargo.toml": """[package]
name = "spiderbench"
version = "0.0.0"
edition = "2021"
[workspace]
[dependencies]
spider = { version = "2", default-features = false, features = ["warc", "sync", "headers"] }
""",
    "src/main.rs": """use spider::{tokio, utils::warc::WarcConfig, website::Website};

#[tokio::main]
async fn main() {
    let mut args = std::env::args().skip(1);
    let (url, out) = (args.next().unwrap(), args.next().unwrap());
    let pages: u32 = args.next().unwrap().parse().unwrap();
    let mut site = Website::new(&url);
    // The page of links, and what it links to; not what those pages link to.
    site.with_respect_robots_txt(false).with_delay(0).with_limit(pages + 1);
    site.configuration.with_warc(WarcConfig { path: out, ..WarcConfig::default() });
    site.crawl().await;
    println!("{}", site.warc_record_count());
}
""",
}


def spider(folder):
    for name, text in SPIDER.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        if not file.exists() or file.read_text() != text:
            file.write_text(text)
    subprocess.run(["cargo", "build", "--release", "--quiet", "--target-dir", "target"], cwd=folder,
                   check=True)
    return str(folder.resolve() / "target/release/spiderbench")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def serve(root, port, work, packed):
    config = work / "nginx.conf"
    config.write_text(f"""
daemon off; worker_processes 1; pid {work}/nginx.pid; error_log {work}/nginx.err;
events {{ worker_connections 4096; }}
http {{ access_log off; sendfile on; keepalive_requests 1000000; gzip off;
  gzip_static {"on" if packed else "off"};
  types {{ text/html html; }} default_type text/html;
  server {{ listen {port} backlog=4096; root {root}; }} }}
""")
    server = subprocess.Popen(["nginx", "-c", str(config), "-p", str(work)],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), 0.1).close()
            return server
        except OSError:
            time.sleep(0.05)
    raise SystemExit("nginx did not start: see its error log in " + str(work))


def storage(program, port):
    """moto with a bucket, and the settings and variables that name it."""
    import urllib.request

    server = subprocess.Popen([program, "-H", "127.0.0.1", "-p", str(port)],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.environ.update(AWS_ACCESS_KEY_ID="a", AWS_SECRET_ACCESS_KEY="b")
    sign = "AWS4-HMAC-SHA256 Credential=a/20250101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"
    made = urllib.request.Request(f"http://127.0.0.1:{port}/bucket", method="PUT", headers={"Authorization": sign})
    for _ in range(100):
        try:
            urllib.request.urlopen(made).close()
            return server
        except OSError:
            time.sleep(0.1)
    raise SystemExit("moto did not start")


def fetching(out):
    """Seconds from the start of a crawl to its last page, by its report."""
    report = json.loads(out.splitlines()[-1])
    first, last = (datetime.datetime.fromisoformat(report[name]) for name in ("started", "finished"))
    return (last - first).total_seconds()


def measure(command, cwd):
    """Wall seconds, CPU seconds, peak of memory in MB, and how it ended with what it printed."""
    peak = 0

    def watch(pid):
        # Not ru_maxrss: a fork of this program counts there with all the pages that it holds.
        nonlocal peak
        try:
            while True:
                for line in open(f"/proc/{pid}/status"):
                    if line.startswith("VmHWM:"):
                        peak = int(line.split()[1]) / 1024
                time.sleep(0.02)
        except OSError:
            return

    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        begun = time.monotonic()
        process = subprocess.Popen(command, cwd=cwd, stdout=out, stderr=err)
        threading.Thread(target=watch, args=(process.pid,), daemon=True).start()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - begun
        err.seek(0)
        message = err.read().decode(errors="replace")
        out.seek(0)
        printed = out.read().decode(errors="replace")
    process.returncode = os.waitstatus_to_exitcode(status)
    cpu = usage.ru_utime + usage.ru_stime
    return wall, cpu, peak, (process.returncode, message, printed)


def made_up(length, seed):
    import random
    chance = random.Random(seed)
    words = ["".join(chance.choices("abcdefghijklmnoprstuvw", k=chance.randint(2, 9)))
             for _ in range(2000)]
    text = "<html><body><p>"
    while len(text) < length:
        text += chance.choice(words) + chance.choice([" ", " ", " ", ", ", ".</p>\n<p>"])
    return text.encode()


def size(folder):
    return sum(f.stat().st_size for f in pathlib.Path(folder).rglob("*.warc*"))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pages", type=pathlib.Path)
    parser.add_argument("--synthetic", type=int)
    parser.add_argument("--binary", default="target/release/pressmark")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--hosts", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--s3", metavar="MOTO_SERVER")
    parser.add_argument("--set", action="append", default=[])
    parser.add_argument("--no-wget", action="store_true")
    parser.add_argument("--spider", type=pathlib.Path)
    parser.add_argument("--packed", action="store_true")
    options = parser.parse_args()
    binary = os.path.abspath(options.binary)
    work = pathlib.Path(tempfile.mkdtemp(prefix="pressmark-bench-"))
    root = work / "site"
    root.mkdir()
    os.chmod(work, 0o755)
    if options.synthetic:
        bodies = [made_up(options.synthetic, seed) for seed in range(100)]
    elif options.pages:
        sources = sorted(options.pages.rglob("*.html")) or sorted(options.pages.iterdir())
        bodies = [s.read_bytes() for s in sources[:options.count]]
    else:
        sys.exit("crawl.py: --pages DIR or --synthetic BYTES is needed")
    names = []
    for number in range(options.count):
        name = f"p{number}.html"
        # A page that is used again is changed, so that nothing is a duplicate.
        body = bodies[number % len(bodies)] + f"<!-- {number} -->".encode()
        (root / name).write_bytes(body)
        if options.packed:
            (root / f"{name}.gz").write_bytes(gzip.compress(body, 6, mtime=0))
        names.append(name)
    total = sum((root / n).stat().st_size for n in names)
    port = free_port()
    server = serve(root, port, work, options.packed)
    urls = [f"http://127.0.1.{1 + i % options.hosts}:{port}/{n}" for i, n in enumerate(names)]
    (work / "urls.txt").write_text("\n".join(urls) + "\n")
    # A long list of addresses needs room on the stack of the new process.
    soft, hard = resource.getrlimit(resource.RLIMIT_STACK)
    resource.setrlimit(resource.RLIMIT_STACK, (hard if hard != resource.RLIM_INFINITY else 1 << 28, hard))
    base = [binary, "--quiet", "--format", "json", "crawl", "--allow-private",
            "--set", "politeness.delay_min=0s", "--set", "politeness.delay_factor=0"]
    for setting in options.set:
        base += ["--set", setting]
    runs = {
        "pressmark": lambda d: [base[0], "--archive", f"{d}/archive", *base[1:], *urls],
        "pressmark fast": lambda d: [base[0], "--archive", f"{d}/archive", *base[1:],
                                     "--set", "warc.level=1", *urls],
    }
    moto = None
    if options.s3:
        s3_port = free_port()
        moto = storage(options.s3, s3_port)
        files = ["--set", "warc.file_bytes_max=8 MiB"]
        runs["pressmark, 8 MiB files"] = lambda d: [*runs["pressmark"](d), *files]
        runs["pressmark into S3"] = lambda d: [
            *runs["pressmark"](d), *files, "--set", f"store.remote=s3://bucket/{time.monotonic_ns()}",
            "--set", f"store.remote_endpoint=http://127.0.0.1:{s3_port}"]
    if options.spider:
        binary_of_spider = spider(options.spider)
        links = "".join(f'<a href="{n}">{n}</a>\n' for n in names)
        (root / "all.html").write_text(f"<html><body>{links}</body></html>")
        start = f"http://127.0.1.1:{port}/all.html"
        runs["spider"] = lambda d: [binary_of_spider, start, f"{d}/out.warc",
                                    str(options.count)]
        runs["pressmark, packing nothing"] = lambda d: [
            base[0], "--archive", f"{d}/archive", *base[1:], "--set", "warc.compression=none", *urls]
    if not options.no_wget:
        runs["wget"] = lambda d: ["wget", "-q", "-i", str(work / "urls.txt"), f"--warc-file={d}/out",
                                  "-O", "/dev/null"]
        if options.packed:
            runs["wget --compression=auto"] = lambda d: [*runs["wget"](d), "--compression=auto"]
    results, fetched = {name: [] for name in runs}, {}
    try:
        for _ in range(options.rounds):
            for name, command in runs.items():
                folder = work / "run"
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir()
                # Data that the run before left unwritten must not count for this one.
                os.sync()
                wall, cpu, memory, done = measure(command(folder), folder)
                if name.startswith("pressmark") and done[0] != 0:
                    sys.exit(f"{name}: {done[1]}")
                results[name].append((wall, cpu, memory, size(folder)))
                if moto and name.startswith("pressmark"):
                    fetched.setdefault(name, []).append(fetching(done[2]))
    finally:
        if moto:
            moto.terminate()
            moto.wait()
        server.terminate()
        server.wait()
        shutil.rmtree(work, ignore_errors=True)
    print(f"{options.count} pages, {total / options.count / 1000:.0f} kB on average, "
          f"{options.hosts} hosts, {options.rounds} rounds, medians; load {os.getloadavg()[0]:.1f}")
    print(f"{'program':26} {'wall s':>8} {'pages/s':>8} {'CPU ms/page':>12} {'peak MB':>8} {'MB':>8}")
    middle = {}
    for name, rows in results.items():
        wall, cpu, memory, length = (statistics.median(c) for c in zip(*rows))
        middle[name] = (wall, cpu, length)
        print(f"{name:26} {wall:8.2f} {options.count / wall:8.0f} {1000 * cpu / options.count:12.2f} "
              f"{memory:8.0f} {length / 1e6:8.2f}")
    for name, seconds in fetched.items():
        print(f"{name}: {statistics.median(seconds):.2f} s to the last page, "
              f"{options.count / statistics.median(seconds):.0f} pages/s")
    if "wget" in results:
        for name in ("pressmark", "pressmark fast"):
            walls = [w[0] / p[0] for w, p in zip(results["wget"], results[name])]
            cpus = [w[1] / p[1] for w, p in zip(results["wget"], results[name])]
            print(f"{name}: {statistics.median(walls):.1f} times wget's pages/s, "
                  f"{statistics.median(cpus):.1f} times per CPU second, "
                  f"{100 * (middle[name][2] / middle['wget'][2] - 1):+.1f} % in size")


if __name__ == "__main__":
    main()
