"""A soak on loopback: many hosts, many URLs, killed and resumed; nothing lost, nothing twice.

usage: soak.py [--binary target/release/pressmark] [--hosts 2000] [--urls 200000] [--kills 5]
               [--seed 1] [--length 3000] [--set KEY=VALUE ...] [--no-wget] [--spider BIN] [--keep]
       soak.py --memory [--every 25000] [--shape job|links] [--binary BIN] [--hosts N] [--urls N] [--set ...]

Every host is a loopback address of its own (127.A.B.C); nginx answers for all of them and logs each
request, with pages of about 3 kB made up of words, no two alike. All programs get the same list of
URLs, in which neighbours lie on different hosts. In one run:

1. pressmark crawls the list as a job and is killed (SIGKILL) KILLS times, at random points, and started
   again with the same command. Then the requests in nginx's log are compared with the list, and so
   are the records of the WARC files, read by this script itself: lost is a URL without a record, twice is a URL that was asked for again. In flight are at most
   crawl.hosts_max URLs at each kill. The exit code is 1 when anything is lost or more is twice.
2. pressmark crawls it without a kill: pages a second and resident memory on the way.
3. wget (-i LIST --warc-file) does the same; and BIN, called with the list's path, where --spider names
   one.

With --memory it is one crawl without a kill: a line for every N pages (--every), with the memory that is
resident then, the part of it that is not mapped from files (the program itself), the bytes of the two
stores on disk, and the CPU time so far. The shape is a job with a list of seeds, or `links`: a crawl of
the hosts' front pages, one link deep, each of which names all pages of its host.

nginx and wget are Debian packages of these names; memory is read from /proc.
"""

import argparse
import collections
import gzip
import os
import pathlib
import random
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

MARKS = (0.125, 0.25, 0.5, 0.75, 1.0)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def pages(chance, count=10, length=3000):
    """Bodies for nginx's configuration; $host and $uri make each page another one."""
    words = ["".join(chance.choices("abcdefghijklmnoprstuvw", k=chance.randint(2, 9)))
             for _ in range(3000)]
    for _ in range(count):
        text = "<!doctype html><html lang=en><title>On $host$uri</title><body><article>" \
               "<h1>On $host$uri</h1><p>"
        while len(text) < length:
            text += chance.choice(words) + chance.choice([" ", " ", " ", ", ", ". ", ".</p><p>On $uri "])
        yield text + "</p></article></body></html>"


class Origin:
    """nginx for one program: its own port, its own log."""

    def __init__(self, work, name, chance, length, links=0):
        self.port = free_port()
        self.folder = work / f"origin-{name}"
        self.folder.mkdir()
        self.log = self.folder / "requests.log"
        places = "".join(f"location ~ {number}$ {{ return 200 '{body}'; }}\n"
                         for number, body in enumerate(pages(chance, length=length)))
        front = "".join(f"<p><a href=/{n}/story-{n}>Story {n}</a>" for n in range(links))
        places += f"location = / {{ return 200 '<title>$host</title>{front}'; }}\n" if links else ""
        config = self.folder / "nginx.conf"
        config.write_text(f"""
daemon off; worker_processes 1; pid {self.folder}/nginx.pid; error_log {self.folder}/nginx.err;
worker_rlimit_nofile 65536;
events {{ worker_connections 16384; }}
http {{ log_format one '$host$uri'; access_log {self.log} one; keepalive_requests 1000000;
  gzip off; default_type text/html; etag on;
  server {{ listen {self.port} backlog=4096; location = /robots.txt {{ return 404; }}
{places} }} }}
""")
        self.process = subprocess.Popen(["nginx", "-c", str(config), "-p", str(self.folder)],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", self.port), 0.1).close()
                break
            except OSError:
                time.sleep(0.05)
        else:
            raise SystemExit(f"nginx did not start: see {self.folder}/nginx.err")
        self.read = open(self.log, "rb")
        self.asked = collections.Counter()
        self.robots = collections.Counter()
        self.rest = b""

    def look(self):
        """Reads the requests since the last call; how many pages were requested in all."""
        data = self.rest + self.read.read()
        *lines, self.rest = data.split(b"\n")
        for line in lines:
            (self.robots if line.endswith(b"/robots.txt") else self.asked)[line] += 1
        return self.asked.total()

    def stop(self):
        self.process.terminate()
        self.process.wait()


def records(name):
    """The records of a WARC file: fields by lower-case name, and block. ISO 28500, section 4."""
    with gzip.open(name, "rb") as warc:
        while True:
            line = warc.readline()
            if not line:
                return
            fields = {}
            while (line := warc.readline().rstrip(b"\r\n")):
                key, _, value = line.partition(b":")
                fields[key.lower()] = value.strip()
            block = warc.read(int(fields[b"content-length"]))
            warc.read(4)
            yield fields, block


def rss(pid):
    """Resident memory of a process, in MB: now and at its highest."""
    try:
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return None
    fields = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    if "VmRSS" not in fields:
        return None
    return tuple(int(fields[key].split()[0]) / 1024 for key in ("VmRSS", "VmHWM"))


def size(folder):
    """Bytes on disk of the files under a folder."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.stat(os.path.join(place, name)).st_blocks * 512
            except OSError:
                pass
    return total


def cpu(pid):
    """CPU seconds of a process so far."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_of(options, work, command, origin):
    """Runs one crawl and prints a line each time this many pages were requested."""
    watched = Watched(command, work, origin, options.urls)
    pid = watched.process.pid
    print("| pages | MB resident | MB of its own | index MB | queue MB | CPU s |")
    print("|---|---|---|---|---|---|", flush=True)
    archive = work / "archive"
    for at in range(options.every, options.urls + 1, options.every):
        # The last sample is taken while the last pages are under way.
        if watched.until(min(at, int(options.urls * 0.999))):
            break
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
        fields = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
        whole, own = (int(fields[key].split()[0]) / 1024 for key in ("VmRSS", "RssAnon"))
        print(f"| {at:,} | {whole:.0f} | {own:.0f} | {size(archive / 'index') / 1e6:.0f} "
              f"| {size(archive / 'state') / 1e6:.0f} | {cpu(pid):.1f} |", flush=True)
    code = watched.process.wait()
    print(f"{origin.look():,} pages; highest {watched.peak:.0f} MB; ended with {code}", flush=True)
    if code != 0:
        print((work / "out.txt").read_text()[-2000:])
    return code


class Watched:
    """A running program, with its pages and memory sampled on the way."""

    def __init__(self, command, folder, origin, total):
        self.out = open(folder / "out.txt", "ab")
        self.process = subprocess.Popen(command, cwd=folder, stdout=self.out, stderr=self.out)
        self.origin, self.total = origin, total
        self.marks = {}
        self.peak = 0.0

    def until(self, pages=None):
        """Returns when this many pages were requested in all, or the program has ended: whether it
        has."""
        while True:
            ended = self.process.poll() is not None
            memory = None if ended else rss(self.process.pid)
            asked = self.origin.look()
            if memory:
                self.peak = max(self.peak, memory[1])
                for mark in MARKS:
                    at = int(mark * self.total)
                    # The last mark is taken while the last pages are under way.
                    if mark not in self.marks and asked >= at * 0.995:
                        self.marks[mark] = memory[0]
            if ended:
                return True
            if pages is not None and asked >= pages:
                return False
            time.sleep(0.02)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", default="target/release/pressmark")
    parser.add_argument("--hosts", type=int, default=2000)
    parser.add_argument("--urls", type=int, default=200_000)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--length", type=int, default=3000, help="bytes of a page, about")
    parser.add_argument("--set", action="append", default=[])
    parser.add_argument("--no-plain", action="store_true", help="leave out the run without kills")
    parser.add_argument("--no-wget", action="store_true")
    parser.add_argument("--spider", help="a program that is called with the list's path")
    parser.add_argument("--keep", action="store_true", help="keep the working folder")
    parser.add_argument("--memory", action="store_true", help="only the memory of one run")
    parser.add_argument("--every", type=int, default=25_000)
    parser.add_argument("--shape", choices=("job", "links"), default="job")
    options = parser.parse_args()
    binary = os.path.abspath(options.binary)
    chance = random.Random(options.seed)
    work = pathlib.Path(tempfile.mkdtemp(prefix="pressmark-soak-"))
    os.chmod(work, 0o755)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65536), hard))
    hosts = [f"127.{1 + n // 62500}.{n // 250 % 250 + 1}.{n % 250 + 1}" for n in range(options.hosts)]
    paths = [(hosts[n % options.hosts], f"/{n // options.hosts}/story-{n}") for n in range(options.urls)]
    wanted = {f"{host}{path}".encode() for host, path in paths}

    def listed(folder, port):
        folder.mkdir()
        name = folder / "urls.txt"
        with open(name, "w") as out:
            out.writelines(f"http://{host}:{port}{path}\n" for host, path in paths)
        return name

    def crawling(folder):
        (folder / "soak.toml").write_text(
            'name = "soak"\nseed_files = ["urls.txt"]\n[schedule]\nevery = "30d"\n')
        command = [binary, "--archive", str(folder / "archive"), "--quiet", "--format", "json",
                   "crawl", "--job", str(folder / "soak.toml"), "--allow-private",
                   "--set", "politeness.delay_min=0s", "--set", "politeness.delay_factor=0"]
        for setting in options.set:
            command += ["--set", setting]
        return command

    if options.memory:
        links = options.urls // options.hosts if options.shape == "links" else 0
        origin = Origin(work, "memory", random.Random(options.seed), options.length, links)
        folder = work / "memory"
        try:
            listed(folder, origin.port)
            command = crawling(folder)
            if links:
                at = command.index("--job")
                command[at:at + 2] = ["--depth", "1"]
                command += [f"http://{host}:{origin.port}/" for host in hosts]
            print(f"{options.urls} URLs on {options.hosts} hosts as {options.shape}, seed {options.seed}")
            code = memory_of(options, folder, command, origin)
        finally:
            origin.stop()
            if options.keep:
                print(f"kept in {work}")
            else:
                shutil.rmtree(work, ignore_errors=True)
        sys.exit(1 if code else 0)

    rows, failed = [], False
    origins = []

    def run(name, command_of, kills=0):
        nonlocal failed
        origin = Origin(work, name.replace(" ", "-"), random.Random(options.seed), options.length)
        origins.append(origin)
        folder = work / name.replace(" ", "-")
        listing = listed(folder, origin.port)
        command = command_of(folder, listing)
        begun = time.monotonic()
        peak, before, runs = 0.0, 0, []
        points = sorted(chance.uniform(0.05, 0.95) for _ in range(kills))
        for point in [*points, None]:
            part = time.monotonic()
            watched = Watched(command, folder, origin, options.urls)
            ended = watched.until(None if point is None else int(point * options.urls))
            if point is not None:
                watched.process.send_signal(signal.SIGKILL)
            code = watched.process.wait()
            time.sleep(0.05)
            asked = origin.look()
            took = time.monotonic() - part
            runs.append((asked - before, took, watched.peak, "killed" if point is not None else code))
            before, peak = asked, max(peak, watched.peak)
            if ended and point is not None:
                print(f"{name}: ended before the kill at {point:.0%}")
            if point is None and name.startswith("pressmark") and code != 0:
                failed = True
                print((folder / "out.txt").read_text()[-2000:])
        wall = time.monotonic() - begun
        origin.stop()
        return origin, folder, wall, peak, runs, watched.marks

    def check(origin, folder):
        """What the server's log and the WARC files say about the list."""
        nonlocal failed
        again = {url: n - 1 for url, n in origin.asked.items() if n > 1}
        kept = collections.Counter()
        for name in sorted((folder / "archive" / "warc").glob("*.warc.gz")):
            for fields, block in records(name):
                if fields.get(b"warc-type") in (b"response", b"revisit") and b" 200 " in block[:16]:
                    host, _, path = fields[b"warc-target-uri"].split(b"//", 1)[1].partition(b"/")
                    kept[host.partition(b":")[0] + b"/" + path] += 1
        lost = wanted - set(kept)
        twice = sum(again.values())
        robots = sum(n - 1 for n in origin.robots.values())
        # One URL of a host at a time, and at most this many hosts.
        allowed = options.kills * 64
        print(f"lost: {len(lost)} of {len(wanted)} URLs; asked for again: {twice} "
              f"(at most {allowed} could be in flight at {options.kills} kills), "
              f"and {robots} of {len(origin.robots)} robots.txt; "
              f"records kept twice: {sum(n - 1 for n in kept.values() if n > 1)}")
        if lost or twice > allowed:
            failed = True
            print("FAILED", sorted(lost)[:5], sorted(again)[:5])

    def report(name, origin, wall, peak, marks, runs=()):
        count = len(origin.asked)
        rows.append((name, count, wall, count / wall, peak,
                     [marks.get(mark) for mark in MARKS]))

    try:
        print(f"{options.urls} URLs on {options.hosts} hosts, seed {options.seed}; "
              f"load {os.getloadavg()[0]:.1f} at the start")
        name = f"pressmark, killed {options.kills} times"
        origin, folder, wall, peak, runs, _ = run(name, lambda f, _: crawling(f), options.kills)
        for fetched, took, high, code in runs:
            print(f"  {fetched} pages in {took:.1f} s ({fetched / took:.0f}/s), "
                  f"{high:.0f} MB at its highest, {code}")
        check(origin, folder)
        report(name, origin, wall, peak, {})
        if not options.keep:
            shutil.rmtree(folder)
        if not options.no_plain:
            origin, folder, wall, peak, _, marks = run("pressmark", lambda f, _: crawling(f))
            report("pressmark", origin, wall, peak, marks)
        if not options.no_wget:
            wget = lambda f, listing: ["wget", "-q", "-i", str(listing), f"--warc-file={f}/out",
                                       "-O", "/dev/null"]
            origin, folder, wall, peak, _, marks = run("wget", wget)
            report("wget", origin, wall, peak, marks)
        if options.spider:
            own = os.path.abspath(options.spider)
            origin, folder, wall, peak, _, marks = run("spider", lambda _, listing: [own, str(listing)])
            report("spider", origin, wall, peak, marks)
    finally:
        for origin in origins:
            origin.stop()
        if options.keep:
            print(f"kept in {work}")
        else:
            shutil.rmtree(work, ignore_errors=True)
    marks = [f"{int(mark * options.urls / 1000)}k" if options.urls >= 8000 else
             str(int(mark * options.urls)) for mark in MARKS]
    print(f"\n| program | pages | wall s | pages/s | peak MB | MB at {' / '.join(marks)} pages |")
    print("|---|---|---|---|---|---|")
    for name, count, wall, rate, peak, memory in rows:
        memory = " / ".join("-" if one is None else f"{one:.0f}" for one in memory)
        print(f"| {name} | {count} | {wall:.1f} | {rate:.0f} | {peak:.0f} | {memory} |")
    print(f"\nload {os.getloadavg()[0]:.1f} at the end")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
