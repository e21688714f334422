"""How large tables, blocks of index lines and rows of a database are, on an archive that is made up.

usage: tables.py PRESSMARK [--pages 5000] [--versions 3] [--postgres URL]

Makes a WARC file of articles of some 190 words, each captured once a week with a figure or a sentence changed,
imports it into an archive, writes its tables twice (the second time there is nothing to do), adds a capture of a tenth of the
pages and writes them again, and prints seconds, rows, and bytes a row. With --postgres it migrates the captures there
and prints the sizes of the tables as psql reports them.
"""

import argparse
import datetime
import hashlib
import json
import os
import random
import subprocess
import tempfile
import time
import uuid

WORDS = ("harbour council ferry bridge mayor night water report school street train budget island winter market "
         "doctor police river engine museum garden paper letter signal captain owner worker tower engineer").split()
NAMES = "Anna Lee,Piet Hals,Mary Roe,Jan Smit,Olga Brandt,Karim Aziz,Lucia Conti,Tom Baker".split(",")


def article(rng, page, version):
    own = random.Random(page)
    sentences = []
    for _ in range(10):
        words = " ".join(own.choice(WORDS) for _ in range(11))
        sentences.append(f"The {words} of {own.randrange(2, 900)} boats.")
    for name in own.sample(NAMES, 2):
        said = " ".join(own.choice(WORDS) for _ in range(9))
        sentences.append(f"“We had the {said} before,” said {name}, the mayor of the town.")
    for change in range(version):
        at = random.Random(page * 31 + change).randrange(10)
        sentences[at] = f"The {own.choice(WORDS)} had {100 + change} boats, or {change + 2} million euros, in {page}."
    title = " ".join(own.choice(WORDS) for _ in range(6)).capitalize()
    body = "".join(f"<p>{sentence}</p>" for sentence in sentences)
    return f"<!doctype html><html lang=en><title>{title}</title><body><article><h1>{title}</h1>{body}</article>"


def record(url, at, body):
    http = f"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
    digest = hashlib.sha256(body).hexdigest()
    head = (f"WARC/1.1\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:{uuid.UUID(hashlib.md5(url.encode() + at.encode()).hexdigest())}>\r\n"
            f"WARC-Date: {at}\r\nWARC-Target-URI: {url}\r\nWARC-Payload-Digest: sha256:{digest}\r\n"
            f"Content-Type: application/http;msgtype=response\r\nContent-Length: {len(http)}\r\n\r\n").encode()
    return head + http + b"\r\n\r\n"


def write(path, pages, versions, start):
    rng = random.Random(7)
    with open(path, "wb") as out:
        for version in versions:
            at = start + datetime.timedelta(weeks=version)
            for page in pages:
                when = at + datetime.timedelta(seconds=page)
                url = f"https://www.outlet{page % 100}.example/news/{page // 100}/{WORDS[page % len(WORDS)]}-{page}"
                out.write(record(url, when.strftime("%Y-%m-%dT%H:%M:%SZ"), article(rng, page, version).encode()))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("pressmark")
    parser.add_argument("--pages", type=int, default=5000)
    parser.add_argument("--versions", type=int, default=3)
    parser.add_argument("--postgres")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as top:
        archive = f"{top}/archive"

        def run(*command):
            begun = time.monotonic()
            done = subprocess.run([os.path.abspath(args.pressmark), "--archive", archive, *command], check=True,
                                  capture_output=True, text=True, cwd=top)
            usage = time.monotonic() - begun
            return done.stdout, usage

        start = datetime.datetime(2026, 1, 5)
        pages = range(args.pages)
        write(f"{top}/a.warc", pages, range(args.versions), start)
        run("init", archive)
        run("import", f"{top}/a.warc")
        for what in ["all", "nothing new", "a tenth captured again"]:
            if what.startswith("a tenth"):
                write(f"{top}/b.warc", pages[::10], [args.versions], start)
                run("import", f"{top}/b.warc")
            told, seconds = run("tables", "--to", f"{top}/tables", "--format", "json")
            print(f"tables, {what}: {seconds:.2f} s")
        report = json.loads(told)
        for name, table in report["tables"].items():
            print(f"  {name}: {table['rows']} rows, {table['bytes']} bytes, {table['bytes'] / max(1, table['rows']):.1f} a row, "
                  f"written last: {', '.join(table['written'])}")
        told, seconds = run("export", "--format", "zipnum", "--to", f"{top}/cdx", "--report", "json")
        captures = json.loads(told)["captures"]
        size = sum(entry.stat().st_size for entry in os.scandir(f"{top}/cdx"))
        run("export", "--to", f"{top}/all.cdxj")
        print(f"zipnum: {captures} captures, {seconds:.2f} s, {size / captures:.1f} bytes each; "
              f"{os.path.getsize(f'{top}/all.cdxj') / captures:.1f} as plain lines")
        if args.postgres:
            open(f"{top}/to.toml", "w").write(f'[store]\ncaptures = "{args.postgres}"\ncaptures_schema = "sizes"\n')
            told, seconds = run("migrate", "--to", f"{top}/to.toml", "--format", "json")
            sql = "select sum(pg_total_relation_size(c.oid)) from pg_class c join pg_namespace n on n.oid = relnamespace " \
                  "where nspname = 'sizes' and relname in ('capture', 'host', 'file') and relkind = 'r'"
            size = int(subprocess.run(["psql", "-X", "-A", "-t", "-c", sql, args.postgres], check=True,
                                      capture_output=True, text=True).stdout)
            print(f"PostgreSQL: {captures} captures moved and compared in {seconds:.2f} s, {size / captures:.1f} bytes each with indexes")


if __name__ == "__main__":
    main()
