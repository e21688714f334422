#!/usr/bin/env python3
"""How fast sealed files are sent and read back, compared with boto3, the usual client.

    compare.py PRESSMARK MOTO_SERVER|S3S_FS [FILES] [MEGABYTES]

Starts moto or s3s-fs on loopback, lays out an archive of FILES WARC files (8) of MEGABYTES (64) each, and times, alternating,
three times each: `pressmark crawl --due`, which sends every file and reads it back; and boto3 with the same number of
requests at once and the same length of parts, which uploads every file, downloads it and compares its SHA-256. Then
the same for reading: `pressmark verify` of the files that lie in the storage alone, and boto3 that downloads and hashes
them. The first line is the time of a run that has nothing to send. Needs boto3 in the Python that runs it.
"""
import gzip
import hashlib
import os
import subprocess
import sys
import tempfile
import time
import uuid

import boto3
from boto3.s3.transfer import TransferConfig

import server as storage


def record(kind, fields, body):
    head = (
        f"WARC/1.1\r\nWARC-Type: {kind}\r\nWARC-Record-ID: <urn:uuid:{uuid.uuid4()}>\r\n"
        f"WARC-Date: 2025-11-05T00:00:00Z\r\n{fields}"
        f"WARC-Block-Digest: sha256:{hashlib.sha256(body).hexdigest()}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return gzip.compress(head.encode() + body + b"\r\n\r\n", 0)


def warc(path, megabytes):
    with open(path, "wb") as out:
        name = os.path.basename(path)
        out.write(record("warcinfo", f"WARC-Filename: {name}\r\nContent-Type: application/warc-fields\r\n", b"format: WARC File Format 1.1\r\n"))
        for _ in range(megabytes):
            fields = f"WARC-Target-URI: http://a.example/{uuid.uuid4()}\r\nContent-Type: application/octet-stream\r\n"
            out.write(record("resource", fields, os.urandom(1 << 20)))


def timed(work):
    begin = time.monotonic()
    work()
    return time.monotonic() - begin


def sha256(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def main():
    pressmark, program = (os.path.abspath(path) for path in sys.argv[1:3])
    files, megabytes = (int(arg) for arg in (sys.argv[3:] + ["8", "64"][len(sys.argv[3:]):])[:2])
    with tempfile.TemporaryDirectory() as folder:
        server, endpoint = storage.start(program, os.path.join(folder, "objects"))
        try:
            measure(pressmark, endpoint, folder, files, megabytes)
        finally:
            server.kill()
            server.wait()


def measure(pressmark, endpoint, folder, files, megabytes):
    s3 = boto3.client("s3", endpoint_url=endpoint)
    config = TransferConfig(multipart_threshold=8 << 20, multipart_chunksize=8 << 20, max_concurrency=4)
    root = os.path.join(folder, "archive")

    def run(number, *command, **settings):
        env = {**os.environ, "PRESSMARK_ARCHIVE": root, "PRESSMARK_STORE_REMOTE": f"s3://bucket/own{number}",
               "PRESSMARK_STORE_REMOTE_ENDPOINT": endpoint, **settings}
        subprocess.run([pressmark, *command, "--quiet"], env=env, check=True, cwd=folder, stdout=subprocess.DEVNULL)

    def send(number, **settings):
        return timed(lambda: run(number, "crawl", "--due", **settings))

    subprocess.run([pressmark, "init", root], check=True, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    names = [f"20251105000000000-{n:05}-a.warc.gz" for n in range(files)]
    for name in names:
        warc(os.path.join(root, "warc", name), megabytes)
    digests = {name: sha256(os.path.join(root, "warc", name)) for name in names}
    send(0)
    idle = send(0)
    total = files * megabytes
    print(f"nothing to send: {idle:.2f} s; {files} files of {megabytes} MiB")
    back = os.path.join(folder, "back")

    def upload(number):
        for name in names:
            path = os.path.join(root, "warc", name)
            sent = sha256(path)
            s3.upload_file(path, "bucket", f"boto{number}/{name}", Config=config)
            s3.download_file("bucket", f"boto{number}/{name}", back, Config=config)
            assert sha256(back) == sent

    def download(number):
        for name in names:
            s3.download_file("bucket", f"boto{number}/{name}", back, Config=config)
            assert sha256(back) == digests[name]

    for number in range(1, 4):
        subprocess.run(["rm", "-rf", os.path.join(root, "remote")], check=True)
        own = send(number) - idle
        other = timed(lambda: upload(number))
        print(f"sent and read back: pressmark {total / own:.0f} MiB/s, boto3 {total / other:.0f} MiB/s: {100 * other / own:.0f} %")
    # From now on the files lie in the storage alone.
    send(3, PRESSMARK_STORE_LOCAL_BYTES_MAX="1 B")
    assert not os.listdir(os.path.join(root, "warc"))
    for _ in range(3):
        own = timed(lambda: run(3, "verify"))
        other = timed(lambda: download(3))
        print(f"verified where it lies: pressmark {total / own:.0f} MiB/s, boto3 {total / other:.0f} MiB/s: {100 * other / own:.0f} %")


if __name__ == "__main__":
    main()
