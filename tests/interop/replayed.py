"""pywb, in a process of its own, replays captures that it finds in our CDX server and reads from our WARC
files by range: BASE is the address of our server, which serves the archive that tests/it/serve/site.rs lays
out. Exits with 77 where pywb is missing."""

import os
import socket
import subprocess
import sys
import tempfile
import time

try:
    import requests
    from importlib.metadata import version

    version("pywb")
except Exception as why:  # noqa: BLE001 - whatever is missing
    print(f"missing: {why}")
    sys.exit(77)

BASE = sys.argv[1].rstrip("/")
A = "http://a.example/"
CONFIG = f"""
collections:
  ours:
    index_paths: cdx+{BASE}/cdx
    archive_paths: {BASE}/warc/
"""
failures = []


def check(what, found, expected):
    if found != expected:
        failures.append(f"{what}: expected {expected!r}, but found {found!r}")


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def until_it_answers(process, address):
    for _ in range(600):
        if process.poll() is not None:
            sys.exit(f"pywb ended with {process.returncode}")
        try:
            return requests.get(address, timeout=5)
        except requests.ConnectionError:
            time.sleep(0.1)
    sys.exit("pywb does not answer")


def ask(root):
    def get(stamp, modifier, url):
        return requests.get(f"{root}/{stamp}{modifier}/{url}", allow_redirects=False, timeout=30)

    for stamp, text in (
        ("20240101000000", "one"),
        ("20240201000000", "two"),
        # A revisit, whose payload lies in another file.
        ("20240401000000", "two"),
    ):
        found = get(stamp, "id_", A)
        check(f"payload of {stamp}", (found.status_code, found.text), (200, text))
        check(f"time of {stamp}", "Memento-Datetime" in found.headers, True)
    # The nearest capture, and two in one second.
    near = get("20240202000000", "id_", A)
    check("nearest", near.text, "two")
    check("one second", get("20240301000000", "id_", A).text in ("three", "three again"), True)
    # Errors and redirects are replayed as they were.
    check("an archived error", get("20240501000000", "id_", A).status_code, 404)
    moved = get("20240601000000", "mp_", A)
    check("a redirect", (moved.status_code, "/new?x=1" in moved.headers.get("Location", "")), (301, True))
    # A packed body, and a query that has to be found by its own key.
    packed = get("20240101000000", "mp_", "http://d.example/?q=1&r=%2F")
    check("a packed page", (packed.status_code, "<p>packed</p>" in packed.text), (200, True))
    image = get("20240101000000", "im_", "http://c.example/x.png")
    check("an image", (image.status_code, image.content), (200, b"\x89PNG"))
    check("never captured", get("20240101000000", "mp_", "http://never.example/").status_code, 404)
    # What it lists of a page comes from our index.
    listed = requests.get(f"{root}/cdx", params={"url": A, "output": "json"}, timeout=30).text.splitlines()
    check("listed", len(listed), 7)


with tempfile.TemporaryDirectory() as folder:
    with open(os.path.join(folder, "config.yaml"), "w") as config:
        config.write(CONFIG)
    port = free_port()
    wayback = os.path.join(os.path.dirname(sys.executable), "wayback")
    command = [wayback, "-p", str(port), "-b", "127.0.0.1", "-d", folder]
    with open(os.path.join(folder, "log"), "w+") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, cwd=folder)
        try:
            until_it_answers(process, f"http://127.0.0.1:{port}/")
            ask(f"http://127.0.0.1:{port}/ours")
        finally:
            process.kill()
            process.wait()
        if failures:
            log.seek(0)
            failures.append(log.read()[-4000:])

print("\n".join(failures) or "pywb replays what we list and give by range")
sys.exit(1 if failures else 0)
