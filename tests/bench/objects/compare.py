#!/usr/bin/env python3
"""How fast sealed files are sent and read back, beside what the server's own users take: boto3.

    compare.py PRESSMARK MOTO_SERVER [FILES] [MEGABYTES]

Starts moto on loopback, lays out an archive of FILES WARC files (8) of MEGABYTES (64) each, and times, alternating,
three times each: `pressmark crawl --due`, which sends every file and reads it back; and boto3 with the same number of
requests at once and the same length of parts, which uploads every file, downloads it and compares its SHA-256. The
first line is the time of a run that has nothing to send. Needs boto3 in the Python that runs it.
"""
import gzip
import hashlib
import os
import socket
import subprocess
import sys
import tempfile
import time
import uuid

import boto3
from boto3.s3.transfer import TransferConfig

KEYS = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_DEFAULT_REGION": "us-east-1"}


def warc(path, megabytes):
    with open(path, "wb") as out:
        for n in range(megabytes):
            body = os.urandom(1 << 20)
            head = (
                "WARC/1.1\r\nWARC-Type: resource\r\n"
                f"WARC-Record-ID: <urn:uuid:{uuid.uuid4()}>\r\nWARC-Date: 2025-11-05T00:00:00Z\r\n"
                f"WARC-Target-URI: http://a.example/{uuid.uuid4()}\r\n"
                f"WARC-Block-Digest: sha256:{hashlib.sha256(body).hexdigest()}\r\n"
                f"Content-Type: application/octet-stream\r\nContent-Length: {len(body)}\r\n\r\n"
            )
            out.write(gzip.compress(head.encode() + body + b"\r\n\r\n", 0))


def main():
    pressmark, moto = sys.argv[1:3]
    files, megabytes = (int(arg) for arg in (sys.argv[3:] + ["8", "64"])[:2])
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen([moto, "-H", "127.0.0.1", "-p", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    endpoint = f"http://127.0.0.1:{port}"
    os.environ.update(KEYS)
    s3 = boto3.client("s3", endpoint_url=endpoint)
    for _ in range(100):
        try:
            s3.create_bucket(Bucket="bucket")
            break
        except Exception:
            time.sleep(0.1)
    config = TransferConfig(multipart_threshold=8 << 20, multipart_chunksize=8 << 20, max_concurrency=4)
    with tempfile.TemporaryDirectory() as folder:
        root = os.path.join(folder, "archive")

        def run(number):
            env = {**os.environ, "PRESSMARK_ARCHIVE": root, "PRESSMARK_STORE_REMOTE": f"s3://bucket/own{number}",
                   "PRESSMARK_STORE_REMOTE_ENDPOINT": endpoint}
            begin = time.monotonic()
            subprocess.run([pressmark, "crawl", "--due", "--quiet"], env=env, check=True, cwd=folder, stdout=subprocess.DEVNULL)
            return time.monotonic() - begin

        subprocess.run([pressmark, "init", root], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        names = [f"20251105000000000-{n:05}-a.warc.gz" for n in range(files)]
        for name in names:
            warc(os.path.join(root, "warc", name), megabytes)
        run(0)
        idle = run(0)
        total = files * megabytes
        print(f"nothing to send: {idle:.2f} s; {files} files of {megabytes} MiB")
        for number in range(1, 4):
            subprocess.run(["rm", "-rf", os.path.join(root, "remote")], check=True)
            own = run(number) - idle
            begin = time.monotonic()
            for name in names:
                path = os.path.join(root, "warc", name)
                with open(path, "rb") as file:
                    sent = hashlib.file_digest(file, "sha256").hexdigest()
                s3.upload_file(path, "bucket", f"boto{number}/{name}", Config=config)
                back = os.path.join(folder, "back")
                s3.download_file("bucket", f"boto{number}/{name}", back, Config=config)
                with open(back, "rb") as file:
                    assert hashlib.file_digest(file, "sha256").hexdigest() == sent
            other = time.monotonic() - begin
            print(f"pressmark {total / own:.0f} MiB/s, boto3 {total / other:.0f} MiB/s: {100 * other / own:.0f} %")
    server.terminate()


main()
