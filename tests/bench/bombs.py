"""The memory that a crawl takes when two kilobytes from the wire claim hundreds of megabytes.

usage: bombs.py [--binary target/release/pressmark] [--size 300000000]

A site of responses of 2 to 3 kB, each gzip twice over a body of SIZE bytes (at a thousandth of it a
coding, so that one coding alone is 300 kB and two are less than three): zeros, paragraphs, links,
nested elements, one long text, attributes, JSON-LD, CSS, a sitemap, feeds, a picture. Each is crawled
alone, as a page with its requisites and as what a job reads it for, twice; then all of them by one
crawl and one job. Prints the peak of resident memory of each (from /usr/bin/time), and the highest.
"""

import argparse
import gzip
import http.server
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import zlib

SITEMAP = b"<?xml version='1.0'?><urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>"
# name: media type, what is repeated, what stands before it, what a job takes it for
KINDS = {
    "zeros": ("text/html", b"\0", b"<p>", "seeds"),
    "paragraphs": ("text/html", b"<p>A word of it, and one more. ", b"<body><article>", "seeds"),
    "links": ("text/html", b"<a href='/x/y'>x</a>", b"<body>", "sections"),
    "nest": ("text/html", b"<div><b>", b"<body>", "sections"),
    "text": ("text/html", b"word ", b"<body><article><p>", "seeds"),
    "attributes": ("text/html", b"a=b ", b"<body><p ", "seeds"),
    "json-ld": ("text/html", b'{"@type":"NewsArticle"},',
                b"<script type='application/ld+json'>[", "seeds"),
    "css": ("text/css", b"a{b:url(c)}", b"", "seeds"),
    "sitemap": ("application/xml", b"<url><loc>http://a/b</loc></url>", SITEMAP, "sitemaps"),
    "rss": ("application/rss+xml", b"<item><title>x</title><link>http://a/b</link></item>",
            b"<rss version='2.0'><channel>", "feeds"),
    "json": ("application/feed+json", b'{"a":1},', b'{"items":[', "feeds"),
    "picture": ("image/png", b"\0", b"", "seeds"),
}
HOST = "bombs.example"


def packed(head, piece, size):
    """gzip over `piece` repeated to `size` bytes, and gzip over that."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = piece * (1_000_000 // len(piece))
    out = [packer.compress(head)]
    for _ in range(size // len(block) + 1):
        out.append(packer.compress(block))
    return gzip.compress(b"".join(out) + packer.flush(), 9)


def handler(bodies):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def do_GET(self):
            name = self.path.strip("/")
            if name == "":
                body = "".join(f"<a href='/{n}'>{n}</a> " for n in bodies).encode()
                return self.answer(200, "text/html", body)
            if name in bodies:
                return self.answer(200, KINDS[name][0], bodies[name], "gzip, gzip")
            return self.answer(404, "text/plain", b"")

        def answer(self, status, media_type, body, coding=None):
            self.send_response(status)
            self.send_header("Content-Type", media_type)
            if coding:
                self.send_header("Content-Encoding", coding)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Handler


class Bench:
    def __init__(self, binary, port, folder):
        self.binary, self.port, self.folder = binary, port, folder
        self.highest = 0

    def run(self, what, arguments, keep=False):
        archive = self.folder / "archive"
        if not keep:
            shutil.rmtree(archive, ignore_errors=True)
        said = self.folder / "time.txt"
        command = ["/usr/bin/time", "-f", "%M %e", "-o", str(said), self.binary,
                   "--archive", str(archive), "--set", "politeness.delay_min=0s",
                   "--set", "politeness.delay_factor=0", "crawl", "--allow-private", "--quiet",
                   "--resolve", f"{HOST}:80:127.0.0.1:{self.port}", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=900)
        if done.returncode not in (0, 4):
            sys.exit(f"{what}: {done.stderr}")
        kib, seconds = said.read_text().split()[-2:]
        self.highest = max(self.highest, int(kib))
        print(f"{what:34} {int(kib) / 1024:7.1f} MiB {float(seconds):7.2f} s", flush=True)

    def job(self, what, names):
        path = self.folder / "bombs.toml"
        lines = ['name = "bombs"']
        for key in ("seeds", "feeds", "sitemaps", "sections"):
            urls = [f'"http://{HOST}/{name}"' for name in names if KINDS[name][3] == key]
            if urls:
                lines.append(f"{key} = [{', '.join(urls)}]")
        path.write_text("\n".join(lines) + "\n")
        self.run(f"{what}, by a job", ["--job", str(path)])
        self.run(f"{what}, by a job again", ["--job", str(path)], keep=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--binary", default="target/release/pressmark")
    parser.add_argument("--size", type=int, default=300_000_000)
    options = parser.parse_args()
    binary = os.path.abspath(options.binary)
    bodies = {name: packed(head, piece, options.size) for name, (_, piece, head, _) in KINDS.items()}
    print(f"{len(bodies)} responses of {min(map(len, bodies.values()))} to "
          f"{max(map(len, bodies.values()))} bytes, {options.size} bytes each when unpacked")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler(bodies))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(binary, server.server_address[1], pathlib.Path(folder))
        for name in bodies:
            bench.run(name, ["--requisites", f"http://{HOST}/{name}"])
            bench.job(name, [name])
        bench.run("all", ["--depth", "1", "--requisites", f"http://{HOST}/"])
        bench.job("all", list(bodies))
        print(f"highest: {bench.highest / 1024:.1f} MiB")
    server.shutdown()


if __name__ == "__main__":
    main()
