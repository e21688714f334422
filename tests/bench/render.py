"""Time and memory of a rendered page: pages that scripts build, crawled by a release binary with Chromium.

usage: render.py [--binary target/release/pressmark] [--chromium chromium] [--rounds 3] [--pages 60] [--visual]
                 [--at-once N]

Serves the sixty pages of tests/script-pages/built (ten frameworks) on loopback, each site as a host of its own, and
crawls them with `browser = "when-needed"` and no delay between requests, so that the work is measured and not
the politeness. Fifty of them are rendered; ten have their article in the page. The same crawl with `browser = "never"`
is run for comparison: the cost of a page without a browser. Nothing else should run on the machine.

Printed for each round: wall time of the crawl; of the rendered pages the time of each (`tookMs` of its urn:pageinfo:
record, which is from the start of Chromium to its end) as median and 95th percentile; the memory of the browser's
processes for each page as the crawl records it (`memory`: resident without what they share), median and largest; the
largest sum of proportional set sizes (PSS, what the processes cost the machine) that was sampled, of the browser and of
pressmark; and how many processes and profiles are left, which has to be none.
"""

import argparse
import gzip
import http.server
import json
import pathlib
import socket
import statistics
import subprocess
import tempfile
import threading
import time

BUILT = pathlib.Path(__file__).resolve().parent.parent / "script-pages" / "built"
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".css": "text/css",
    ".json": "application/json",
}


def replies():
    """The answers, by host and path: media type, body, and whether it is packed."""
    out = {}
    for path in BUILT.rglob("*"):
        if not path.is_file() or path.parent == BUILT:
            continue
        site, target = str(path.relative_to(BUILT)).split("/", 1)
        packed = target.endswith(".gz")
        target = target.removesuffix(".gz")
        ending = pathlib.PurePath(target).suffix
        if ending == ".html" and not target.startswith("parts/"):
            target = target.removesuffix(".html")
        out[f"{site}.example", "/" + target] = (TYPES[ending], path.read_bytes(), packed)
    return out


class Site(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    answers = replies()

    def do_GET(self):
        host = self.headers.get("Host", "").split(":")[0]
        found = self.answers.get((host, self.path.split("?")[0]))
        media_type, body, packed = found or ("text/plain", b"not found", False)
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", media_type)
        if packed:
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


def processes():
    """The parent and the command line of every process."""
    out = {}
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rsplit(") ", 1)[1].split()
            line = (stat.parent / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            out[int(stat.parent.name)] = (int(fields[1]), line)
        except (OSError, IndexError):
            pass
    return out


def pss(pid):
    try:
        for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


class Sampler(threading.Thread):
    """Watches the memory of a process and of all that it has started."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.ended = pid, False
        self.own = self.browser = 0

    def run(self):
        while not self.ended:
            known = processes()
            below, open_ = set(), [self.pid]
            while open_:
                parent = open_.pop()
                for pid, (of, _) in known.items():
                    if of == parent and pid not in below:
                        below.add(pid)
                        open_.append(pid)
            # Chromium's own helpers may have left the tree; they name the profile.
            below |= {pid for pid, (_, line) in known.items() if "pressmark-browser-" in line}
            self.own = max(self.own, pss(self.pid))
            self.browser = max(self.browser, sum(pss(pid) for pid in below))
            time.sleep(0.2)


def infos(archive):
    """The urn:pageinfo: records of an archive."""
    out = []
    for path in (archive / "warc").iterdir():
        opened = gzip.open(path) if ".gz" in path.name else path.open("rb")
        data = opened.read()
        at = 0
        while True:
            at = data.find(b"WARC-Target-URI: urn:pageinfo:", at)
            if at < 0:
                break
            end = data.index(b"\r\n\r\n", at)
            begin = data.rindex(b"WARC/1.1\r\n", 0, at)
            head = data[begin:end].decode()
            length = next(int(l.split(":")[1]) for l in head.split("\r\n") if l.lower().startswith("content-length:"))
            out.append(json.loads(data[end + 4 : end + 4 + length]))
            at = end
    return out


def run(args, port, when, stories, directory):
    archive = directory / "archive"
    hosts = sorted({f"{story['site']}.example" for story in stories})
    seeds = [f"http://{s['site']}.example/{s['feature']}/{s['slug']}" for s in stories]
    job = directory / "scripted.toml"
    visual = "true" if args.visual else "false"
    job.write_text(
        f'name = "scripted"\nseeds = {json.dumps(seeds)}\nbrowser = "{when}"\nvisual = {visual}\n'
    )
    command = [args.binary, "crawl", "--job", str(job), "--archive", str(archive), "--allow-private", "--quiet"]
    for host in hosts:
        command += ["--resolve", f"{host}:80:127.0.0.1:{port}"]
    for one in [
        "politeness.delay_min=0s",
        f"browser.command={args.chromium}",
        f"browser.at_once={args.at_once}",
        "identity.operator=bench",
        "identity.contact=bench@example.org",
    ]:
        command += ["--set", one]
    begun = time.monotonic()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=directory)
    sampler = Sampler(child.pid)
    sampler.start()
    status = child.wait()
    wall = time.monotonic() - begun
    sampler.ended = True
    sampler.join()
    if status != 0:
        raise SystemExit(f"{command}: exit {status}")
    return wall, sampler, infos(archive)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default="target/release/pressmark")
    parser.add_argument("--chromium", default="chromium")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--pages", type=int, default=60, help="so many of them, of all sites alike")
    parser.add_argument("--at-once", type=int, default=1)
    parser.add_argument("--visual", action="store_true")
    args = parser.parse_args()
    args.binary = str(pathlib.Path(args.binary).resolve())
    stories = json.loads((BUILT / "pages.json").read_text())
    stories = [stories[at * len(stories) // args.pages] for at in range(min(args.pages, len(stories)))]
    server = Server(("127.0.0.1", 0), Site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    port = server.server_address[1]
    mib = 1 << 20
    for number in range(1, args.rounds + 1):
        for when in ["never", "when-needed"]:
            with tempfile.TemporaryDirectory() as name:
                wall, sampler, pages = run(args, port, when, stories, pathlib.Path(name))
            line = f"round {number} {when:12} wall {wall:6.1f} s  pressmark {sampler.own / mib:4.0f} MiB"
            if pages:
                took = sorted(page["tookMs"] / 1000 for page in pages)
                memory = sorted(page["memory"] / mib for page in pages)
                troubles = [page["trouble"] for page in pages if page["trouble"]]
                line += (
                    f"  rendered {len(pages)} ({len(troubles)} not whole)"
                    f"  a page {statistics.median(took):.2f} s (95 %: {took[int(len(took) * 0.95) - 1]:.2f})"
                    f"  memory {statistics.median(memory):.0f} MiB (most {memory[-1]:.0f})"
                    f"  PSS {sampler.browser / mib:.0f} MiB"
                )
            print(line, flush=True)
            for _ in range(50):
                left = [line for _, line in processes().values() if "pressmark-browser-" in line]
                if not left:
                    break
                time.sleep(0.1)
            profiles = list(pathlib.Path(tempfile.gettempdir()).glob("pressmark-browser-*"))
            if left or profiles:
                raise SystemExit(f"left behind: {left} {profiles}")


if __name__ == "__main__":
    main()
