#!/usr/bin/env python3
"""Look-ups among captures in ZipNum blocks that lie in S3, and in pywb on the same blocks.

    zipnum.py PRESSMARK MOTO_SERVER|S3S_FS ARCHIVE [PYWB_BIN] [LOOKUPS]

ARCHIVE is what `PRESSMARK_BENCH_KEEP=DIR cargo bench --bench index_size -- 10000000 1800000` leaves. Writes its captures
into the storage and into a folder, starts `pressmark serve` on an archive that has none of its own, with `store.zipnum`,
and asks it for the capture closest to a time of LOOKUPS (2000) URLs drawn from all, one after the other. No index of
words is kept, since making it would read all blocks at the same time. A proxy before the storage counts the requests
for ranges and passes bytes on as they are. pywb, where PYWB_BIN (the bin directory of
its environment) is given, serves the folder and is asked for a tenth of them; both must name the same capture.
"""
import http.client
import json
import os
import random
import socketserver
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

import server as storage


class Counting(socketserver.ThreadingTCPServer):
    """Passes connections on to the storage, and counts the heads of requests that ask for a range."""

    allow_reuse_address = daemon_threads = True

    def __init__(self, port):
        super().__init__(("127.0.0.1", 0), Pass)
        self.upstream, self.ranges, self.requests = port, 0, 0


class Pass(socketserver.BaseRequestHandler):
    def handle(self):
        import socket

        up = socket.create_connection(("127.0.0.1", self.server.upstream))
        for side in (up, self.request):
            side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

        def back():
            try:
                while part := up.recv(1 << 18):
                    self.request.sendall(part)
            except OSError:
                pass

        threading.Thread(target=back, daemon=True).start()
        try:
            while part := self.request.recv(1 << 18):
                # What is counted are look-ups: GET and HEAD, which have no body and come in one piece.
                if part.startswith((b"GET ", b"HEAD ")):
                    self.server.requests += 1
                    self.server.ranges += b"\nrange:" in part.lower()
                up.sendall(part)
        except OSError:
            pass
        up.close()


def closest(connection, path, url, at):
    query = urllib.parse.urlencode({"url": url, "closest": at, "limit": 1, "output": "json", "sort": "closest"})
    begin = time.monotonic()
    connection.request("GET", f"{path}?{query}")
    answer = connection.getresponse()
    text = answer.read().decode()
    took = time.monotonic() - begin
    assert answer.status == 200, (answer.status, text)
    # One object a line, or a list of lists whose first names the columns.
    if text.startswith("[["):
        names, row = json.loads(text)[:2]
        found = dict(zip(names, row))
    else:
        found = json.loads(text.splitlines()[0]) if text.strip() else {}
    return took, (found.get("timestamp"), found.get("url") or found.get("original"))


def wait_for(port, process):
    import socket

    for _ in range(600):
        try:
            return socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            if process.poll() is not None:
                raise SystemExit(f"{process.args[0]} ended")
            time.sleep(0.1)


def line(name, times):
    times = sorted(times)
    print(f"{name}: {len(times)} asked, median {statistics.median(times) * 1e3:.2f} ms, "
          f"99 % {times[int(len(times) * 0.99)] * 1e3:.2f} ms, most {times[-1] * 1e3:.2f} ms")


def urls_of(folder, count):
    """URLs from all over the blocks: lines of blocks drawn at random."""
    import gzip

    chance = random.Random(28500)
    with open(os.path.join(folder, "index.idx")) as index:
        blocks = [row.rstrip("\n").split("\t") for row in index]
    drawn = []
    for block in chance.choices(blocks, k=count):
        _, shard, offset, length = block[:4]
        name = next(entry for entry in (f"{shard}.gz", shard) if os.path.exists(os.path.join(folder, entry)))
        with open(os.path.join(folder, name), "rb") as file:
            file.seek(int(offset))
            rows = gzip.decompress(file.read(int(length))).decode().splitlines()
        row = chance.choice(rows)
        at = f"2025{chance.randrange(1, 13):02}{chance.randrange(1, 29):02}120000"
        drawn.append((json.loads(row.split(" ", 2)[2])["url"], at))
    return drawn


def main():
    pressmark, program, archive = (os.path.abspath(path) for path in sys.argv[1:4])
    pywb = sys.argv[4] if len(sys.argv) > 4 else None
    count = int(sys.argv[5]) if len(sys.argv) > 5 else 2000
    started = []
    with tempfile.TemporaryDirectory() as top:
        try:
            s3, endpoint = storage.start(program, f"{top}/objects")
            started.append(s3)
            counting = Counting(int(endpoint.rsplit(":", 1)[1]))
            threading.Thread(target=counting.serve_forever, daemon=True).start()
            env = {**os.environ, "PRESSMARK_STORE_REMOTE_ENDPOINT": f"http://127.0.0.1:{counting.server_address[1]}"}
            for to in ("s3://bucket/cdx", f"{top}/cdx"):
                begin = time.monotonic()
                done = subprocess.run([pressmark, "--archive", archive, "export", "--format", "zipnum", "--to", to, "--report", "json"],
                                      env=env, check=True, capture_output=True, text=True)
                written = json.loads(done.stdout)["captures"]
                print(f"{written} captures to {to.split(':')[0] if ':' in to else 'a folder'}: {time.monotonic() - begin:.1f} s")
            size = sum(entry.stat().st_size for entry in os.scandir(f"{top}/cdx"))
            print(f"{size / written:.1f} bytes a capture")
            asked = urls_of(f"{top}/cdx", count)
            own = f"{top}/archive"
            subprocess.run([pressmark, "init", own], check=True, cwd=top, capture_output=True)
            port = storage.free_port()
            ours = subprocess.Popen([pressmark, "--archive", own, "serve", "--bind", f"127.0.0.1:{port}", "--set", "store.zipnum=s3://bucket/cdx",
                                     "--set", "serve.access_log=false", "--set", "search.index=false"], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            started.append(ours)
            wait_for(port, ours)
            connection = http.client.HTTPConnection("127.0.0.1", port)
            took, _ = closest(connection, "/cdx", *asked[0])
            print(f"the first look-up, which reads the index over the blocks: {took:.2f} s")
            times, ranges, answers = [], [], []
            for url, at in asked:
                before = counting.ranges
                took, found = closest(connection, "/cdx", url, at)
                times.append(took)
                ranges.append(counting.ranges - before)
                answers.append(found)
            lost = [asked[n] for n, found in enumerate(answers) if not found[0]]
            assert not lost, f"{len(lost)} of {len(asked)} are not found: {lost[0]}"
            line("pressmark, blocks in S3", times)
            print("ranges read by a look-up: " + ", ".join(f"{n}: {ranges.count(n)}" for n in sorted(set(ranges))))
            if pywb:
                own = f"{top}/pywb"
                os.makedirs(own)
                with open(f"{own}/config.yaml", "w") as config:
                    config.write(f"collections:\n  same:\n    index_paths: zipnum+{top}/cdx/index.idx\n    archive_paths: {own}\n")
                port = storage.free_port()
                theirs = subprocess.Popen([os.path.join(pywb, "wayback"), "-p", str(port), "-b", "127.0.0.1"], cwd=own,
                                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                started.append(theirs)
                wait_for(port, theirs)
                connection = http.client.HTTPConnection("127.0.0.1", port)
                times = []
                for (url, at), found in list(zip(asked, answers))[::10]:
                    took, other = closest(connection, "/same/cdx", url, at)
                    times.append(took)
                    assert other == found, (url, at, found, other)
                line("pywb, the same blocks in a folder, the same captures", times)
        finally:
            for process in started:
                process.kill()
                process.wait()


if __name__ == "__main__":
    main()
