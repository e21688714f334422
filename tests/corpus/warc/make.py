#!/usr/bin/env python3
"""Makes the faulty files of this folder, each named by its fault, or those that are named.

Needs Python 3.11 and the zstd command. The files are kept; the script is how they came to be, and
how one more is added: write a function, run it, put the file into expected.tsv.
"""

import base64
import gzip
import hashlib
import io
import json
import os
import struct
import subprocess
import sys
import tempfile
import zipfile
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
DATE = "2020-01-02T03:04:05Z"


def sha1(data):
    return "sha1:" + base64.b32encode(hashlib.sha1(data).digest()).decode()


def head(kind, number, length, extra="", version="1.1", uri=None, eol="\r\n", content="text/plain"):
    lines = [
        f"WARC/{version}",
        f"WARC-Type: {kind}",
        f"WARC-Record-ID: <urn:uuid:00000000-0000-0000-0000-{number:012}>",
        f"WARC-Date: {DATE}",
    ]
    if kind != "warcinfo":
        lines.append(f"WARC-Target-URI: {uri or f'http://news.example/{number}'}")
    lines.append(f"Content-Type: {content}")
    if extra:
        lines += extra.strip("\n").split("\n")
    if length is not None:
        lines.append(f"Content-Length: {length}")
    return (eol.join(lines) + eol + eol).encode("latin-1")


def record(number, block=None, end=b"\r\n\r\n", length="right", kind="resource", **more):
    block = f"block of record {number}\n".encode() if block is None else block
    length = len(block) if length == "right" else length
    return head(kind, number, length, **more) + block + end


def info(**more):
    return record(0, b"software: other/1.0\r\n", kind="warcinfo", content="application/warc-fields", **more)


def response(number, block, payload, **more):
    extra = f"WARC-Block-Digest: {sha1(block)}\nWARC-Payload-Digest: {sha1(payload)}"
    content = "application/http; msgtype=response"
    return record(number, block, kind="response", extra=extra, content=content, **more)


def pack(data, level=6):
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", compresslevel=level, mtime=0) as f:
        f.write(data)
    return out.getvalue()


def deflate(data, level=6):
    c = zlib.compressobj(level, zlib.DEFLATED, -15)
    return c.compress(data) + c.flush()


def member(data, flags=0, extra=b"", crc=None, size=None):
    crc = zlib.crc32(data) if crc is None else crc
    size = len(data) if size is None else size
    return (b"\x1f\x8b\x08" + bytes([flags]) + b"\0\0\0\0\0\xff" + extra + deflate(data)
            + struct.pack("<II", crc, size))


def zstd(data, *args, dictionary=None):
    command = ["zstd", "-q", "-c", "--check", *args]
    with tempfile.TemporaryDirectory() as folder:
        if dictionary is not None:
            path = os.path.join(folder, "dictionary")
            with open(path, "wb") as f:
                f.write(dictionary)
            command += ["-D", path]
        return subprocess.run(command, input=data, stdout=subprocess.PIPE, check=True).stdout


def zstd_dictionary():
    with tempfile.TemporaryDirectory() as folder:
        names = []
        for n in range(200):
            name = os.path.join(folder, f"s{n}")
            with open(name, "wb") as f:
                f.write(record(n, f"<html><title>{n * 7919}</title>".encode() * 3))
            names.append(name)
        out = os.path.join(folder, "dictionary")
        subprocess.run(["zstd", "-q", "--train", "--maxdict=2048", "-o", out, *names], check=True)
        with open(out, "rb") as f:
            return f.read()


def package(files, method=zipfile.ZIP_STORED, resources=True, change=None):
    out = io.BytesIO()
    listed = [
        {"name": os.path.basename(p), "path": p, "bytes": len(b),
         "hash": "sha256:" + hashlib.sha256(b).hexdigest()}
        for p, b in files
    ]
    if change:
        change(listed)
    with zipfile.ZipFile(out, "w", method) as z:
        for path, data in files:
            z.writestr(zipfile.ZipInfo(path, (2020, 1, 2, 3, 4, 6)), data, method)
        if resources:
            text = json.dumps({"profile": "data-package", "wacz_version": "1.1.1", "resources": listed})
            z.writestr(zipfile.ZipInfo("datapackage.json", (2020, 1, 2, 3, 4, 6)), text, method)
    return out.getvalue()


ARC_V1 = b"filedesc://x.arc 0.0.0.0 20020328143000 text/plain 76\n1 0 Alexa Internet\nURL IP-address Archive-date Content-type Archive-length\n\n"
ARC_BODY = b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n<p>1"
ARC_V2_DEFINITION = b"2 0 InternetArchive\nURL IP-address Archive-date Content-type Result-code Checksum Location Offset Filename Archive-length\n\n"
ARC_V2 = b"filedesc://y.arc 0.0.0.0 20020328143000 text/plain 200 - - 0 y.arc %d\n" % len(ARC_V2_DEFINITION) + ARC_V2_DEFINITION


def arc1(number, body=ARC_BODY, length=None, url=None):
    url = url or f"http://news.example/{number}"
    length = len(body) if length is None else length
    return f"{url} 207.241.229.39 20020328143001 text/html {length}\n".encode() + body + b"\n"


def arc2(number, body=ARC_BODY):
    return (f"http://news.example/{number} 207.241.229.39 20020328143001 text/html 200 "
            f"fac069150613fe55599cc7fa88aa089d - 209 y.arc {len(body)}\n").encode() + body + b"\n"


def files():
    r = [record(n) for n in range(1, 4)]
    plain = info() + b"".join(r)
    yield "sound.warc", plain
    yield "empty.warc", b""
    yield "line-breaks-alone.warc", b"\r\n\r\n\n\n"
    yield "bare-line-feeds.warc", (info() + r[0] + r[1]).replace(b"\r\n", b"\n").replace(
        b"Content-Length: 21", b"Content-Length: 20")
    yield "no-line-breaks-after-blocks.warc", info(end=b"") + b"".join(record(n, end=b"") for n in (1, 2)) + r[2]
    yield "one-line-break-after-blocks.warc", info(end=b"\r\n") + record(1, end=b"\n") + r[1]
    yield "many-line-breaks-after-blocks.warc", info() + record(1, end=b"\r\n" * 9) + r[1]
    yield "brackets-around-uris.warc", info() + record(1, uri="<http://news.example/1>")
    yield "brackets-around-uris-of-1.0.warc", info(version="1.0") + record(1, version="1.0", uri="<http://news.example/1>")
    yield "folded-field.warc", info() + record(1, extra="X-Note: one\n two\n\tthree") + r[1]
    yield "repeated-field.warc", info() + record(1, extra=f"WARC-Date: {DATE}\nContent-Length: 18") + r[1]
    yield "blank-before-colon.warc", info() + record(1, extra="X-Note : one") + r[1]
    yield "line-without-colon.warc", info() + record(1, extra="nothing to see") + r[1]
    yield "latin-1-value.warc", info() + record(1, extra="X-Note: caf\xe9") + r[1]
    yield "version-0.17.warc", info(version="0.17") + record(1, version="0.17")
    yield "version-0.18.warc", info(version="0.18") + record(1, version="0.18")
    yield "version-unknown.warc", info(version="2.0") + record(1, version="2.0")
    for name, length in [("missing", None), ("negative", -4), ("words", "twelve"), ("too-short", 5),
                         ("too-long", 60), ("beyond-the-end", 10**12), ("over-64-bits", 10**30)]:
        yield f"length-{name}.warc", info() + record(1, length=length) + r[1] + r[2]
        yield f"length-{name}.warc.gz", b"".join(map(pack, [info(), record(1, length=length), r[1], r[2]]))
    yield "cut-in-header.warc", plain[:-150]
    yield "cut-in-block.warc", plain[:-12]
    yield "cut-before-line-breaks.warc", plain[:-4]
    yield "cut-in-line-breaks.warc", plain[:-1]
    yield "noise-before.warc", b"<html>not found</html>\n" + plain
    yield "noise-between.warc", info() + r[0] + b"noise without a line break" + r[1] + b"\0" * 700 + r[2]
    yield "noise-after.warc", plain + b"\x7fELF and more"
    yield "hole-of-zeros.warc", info() + r[0][:90] + b"\0" * 4096 + r[1] + r[2]
    yield "record-inside-a-block.warc", info() + record(1, b"see:\r\n\r\n" + r[2] + b"end") + r[1]

    members = [pack(info())] + [pack(one) for one in r]
    packed = b"".join(members)
    yield "sound.warc.gz", packed
    yield "one-member.warc.gz", pack(plain)
    yield "several-records-per-member.warc.gz", pack(info() + r[0]) + pack(r[1] + r[2])
    yield "record-over-members.warc.gz", b"".join(pack(plain[n:n + 333]) for n in range(0, len(plain), 333))
    yield "empty-members.warc.gz", pack(b"") + members[0] + pack(b"") + members[1] + pack(b"")
    extra = b"LX\x02\0ab"
    yield "extra-field.warc.gz", member(info(), 4, struct.pack("<H", len(extra)) + extra) + members[1]
    yield "name-and-comment.warc.gz", member(info(), 0x18, b"page.warc\0a comment\0") + members[1]
    yield "header-checksum.warc.gz", member(info(), 2, struct.pack("<H", 0x1234)) + members[1]
    lies = b"sl\x08\0" + struct.pack("<II", 40, 400)
    yield "skip-lengths-lie.warc.gz", member(info(), 4, struct.pack("<H", len(lies)) + lies) + members[1]
    yield "trailing-garbage.warc.gz", packed + b"garbage after the last member"
    yield "trailing-zeros.warc.gz", packed + b"\0" * 1024
    yield "bad-crc.warc.gz", members[0] + member(r[0], crc=1) + members[2]
    yield "bad-size.warc.gz", members[0] + member(r[0], size=1) + members[2]
    broken = bytearray(members[1])
    broken[30] ^= 0xff
    yield "bad-deflate.warc.gz", members[0] + bytes(broken) + members[2]
    yield "cut-member.warc.gz", packed[:-20]
    yield "cut-in-trailer.warc.gz", packed[:-3]
    yield "cut-in-member-header.warc.gz", members[0] + members[1][:6]
    yield "noise-between-members.warc.gz", members[0] + b"\x1f\x8b noise \x1f\x8b\x08\0" + members[1]
    forged = b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + b"\x01" + b"\x05\0\xfa\xff" + b"WARC/" + b"\0" * 8
    stored = record(1, b"page " + pack(record(9, b"forged")) + forged)
    yield "forged-member-in-a-page.warc.gz", members[0] + pack(stored, 0) + members[2]
    yield "not-gzip-after-magic.warc.gz", b"\x1f\x8b\x08\xff" + b"x" * 50

    frames = [zstd(info())] + [zstd(one) for one in r]
    yield "sound.warc.zst", b"".join(frames)
    yield "one-frame.warc.zst", zstd(plain)
    dictionary = zstd_dictionary()
    with_dictionary = [zstd(one, dictionary=dictionary) for one in [info(), *r]]
    def skippable(data):
        return b"\x5d\x2a\x4d\x18" + struct.pack("<I", len(data)) + data
    yield "dictionary.warc.zst", skippable(dictionary) + b"".join(with_dictionary)
    yield "packed-dictionary.warc.zst", skippable(zstd(dictionary)) + b"".join(with_dictionary)
    yield "dictionary-missing.warc.zst", b"".join(with_dictionary)
    yield "dictionary-cut.warc.zst", skippable(dictionary)[:400]
    yield "skippable-frames.warc.zst", b"\x50\x2a\x4d\x18\x03\0\0\0abc" + frames[0] + b"\x5f\x2a\x4d\x18\0\0\0\0" + frames[1]
    yield "skippable-frame-lies.warc.zst", frames[0] + b"\x50\x2a\x4d\x18\xff\xff\xff\x7fabc" + frames[1]
    broken = bytearray(frames[1])
    broken[-1] ^= 0xff
    yield "bad-checksum.warc.zst", frames[0] + bytes(broken) + frames[2]
    yield "cut-frame.warc.zst", b"".join(frames)[:-9]
    yield "noise-between-frames.warc.zst", frames[0] + b"noise" + frames[1]

    body = b"<p>the body"
    chunks = b"b\r\n" + body + b"\r\n0\r\n\r\n"
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    coded = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + pack(body)
    yield "chunked.warc", info() + response(1, chunked + chunks, body)
    yield "chunks-removed.warc", info() + response(1, chunked + body, body)
    yield "payload-digest-with-chunks.warc", info() + response(1, chunked + chunks, chunks)
    yield "payload-digest-decoded.warc", info() + response(1, coded, body)
    yield "payload-digest-of-block.warc", info() + response(1, chunked + chunks, chunked + chunks)
    yield "payload-digest-wrong.warc", info() + response(1, chunked + chunks, b"another")
    yield "block-digest-wrong.warc", info() + record(1, extra=f"WARC-Block-Digest: {sha1(b'x')}")
    yield "digest-of-unknown-algorithm.warc", info() + record(1, extra="WARC-Block-Digest: whirlpool:00")
    yield "digest-without-label.warc", info() + record(1, extra="WARC-Block-Digest: 00112233")
    yield "http-2-status-line.warc", info() + response(1, b"HTTP/2 200\r\nx: y\r\n\r\n" + body, body)
    yield "http-0.9.warc", info() + response(1, body, body)
    yield "fields-of-other-writers.warc", info() + record(
        1, extra="WARC-Page-ID: 7\nWARC-Resource-Type: document\nWARC-JSON-Metadata: {}\nWARC-Protocol: h2\nWARC-Protocol: tls/1.3\nWARC-Source-URI: http://x.example/",
        uri="urn:pageinfo:http://news.example/1", content="application/json")
    yield "link-to-nothing.warc", info() + record(1, extra="WARC-Concurrent-To: <urn:uuid:77>")
    yield "identifier-twice.warc", info() + r[0] + r[0]
    profile = "WARC-Profile: http://netpreserve.org/warc/1.1/revisit/identical-payload-digest\n"
    original = response(1, b"HTTP/1.1 200 OK\r\n\r\n" + body, body)
    def revisit(payload):
        return record(2, b"HTTP/1.1 200 OK\r\n\r\n", kind="revisit", content="application/http; msgtype=response",
                      extra=profile + "WARC-Refers-To: <urn:uuid:00000000-0000-0000-0000-000000000001>\n"
                      + f"WARC-Payload-Digest: {sha1(payload)}")
    yield "revisit.warc", info() + original + revisit(body)
    yield "revisit-of-another-payload.warc", info() + original + revisit(b"other")

    yield "v1.arc", ARC_V1 + arc1(1) + arc1(2)
    yield "v1.arc.gz", pack(ARC_V1) + pack(arc1(1)) + pack(arc1(2))
    yield "v2.arc.gz", pack(ARC_V2) + pack(arc2(1)) + pack(arc2(2))
    yield "blank-in-url.arc", ARC_V1 + arc1(1, url="http://news.example/a b c") + arc1(2)
    yield "other-schemes.arc", (ARC_V1 + arc1(1, b"<setup/>", url="metadata://news.example/setup.xml?job=1")
                                + arc1(1) + arc1(1, b"text", url="rtsp://news.example/film"))
    yield "length-too-long.arc", ARC_V1 + arc1(1, length=70) + arc1(2) + arc1(3)
    yield "length-too-short.arc", ARC_V1 + arc1(1, length=7) + arc1(2)
    yield "cut.arc", (ARC_V1 + arc1(1) + arc1(2))[:-30]
    yield "no-description.arc", arc1(1) + arc1(2)
    yield "bad-crc.arc.gz", pack(ARC_V1) + member(arc1(1), crc=1) + pack(arc1(2))

    inside = [("archive/data.warc.gz", packed), ("pages/pages.jsonl", b"{}\n")]
    yield "sound.wacz", package(inside)
    yield "deflated.wacz", package(inside, zipfile.ZIP_DEFLATED)
    yield "no-datapackage.wacz", package(inside, resources=False)
    def wrong_hash(listed):
        listed[0]["hash"] = "sha256:" + "0" * 64
    yield "hash-wrong.wacz", package(inside, change=wrong_hash)
    yield "file-missing.wacz", package(inside, change=lambda l: l.append({"path": "archive/b.warc.gz"}))
    yield "file-unlisted.wacz", package(inside, change=lambda l: l.pop())
    whole = package(inside)
    at = whole.index(b"pages.jsonl") + len("pages.jsonl")
    yield "bad-crc.wacz", whole[:at] + b"[" + whole[at + 1:]
    yield "cut.wacz", whole[:len(whole) // 2]


def packages():
    """What needs no zstd command."""
    packed = pack(info()) + b"".join(pack(record(n)) for n in (1, 2, 3))
    inside = [("archive/data.warc.gz", packed), ("pages/pages.jsonl", b"{}\n")]
    sound = package(inside)
    end = sound.rindex(b"PK\x05\x06")
    count, size, start = struct.unpack("<HII", sound[end + 10:end + 20])

    # As the draft of WACZ 1.2 has them: another profile, CDX beside CDXJ, several lists of pages, a
    # home object, and files of the maker's own.
    pages = json.dumps({"format": "json-pages-1.0", "id": "pages", "title": "All Pages"}) + "\n" + json.dumps(
        {"id": "1", "url": "http://news.example/1", "ts": DATE, "title": "One", "size": 7, "seed": True}) + "\n"
    index = pack(b'example,news)/1 20200102030405 {"url": "http://news.example/1"}\n')
    draft = [
        ("archive/data.warc.gz", packed),
        ("indexes/index.cdx.gz", index),
        ("indexes/index.idx", b"!meta 0 {}\n"),
        ("pages/pages.jsonl", pages.encode()),
        ("pages/extraPages.jsonl", pages.encode()),
        ("logs/crawl.log", b"{}\n"),
    ]
    listed = [{"name": os.path.basename(p), "path": p, "bytes": len(b),
               "hash": "sha256:" + hashlib.sha256(b).hexdigest()} for p, b in draft]
    about = {"profile": "wacz", "resources": listed, "title": "News", "description": "*News*", "created": DATE,
             "modified": DATE, "software": "made by hand", "home": {"url": "http://news.example/1", "ts": DATE},
             "licenses": [{"name": "CC0-1.0"}], "organization": "none", "custom": {"deep": [1, {"resources": []}]}}
    text = json.dumps(about).encode()
    digest = json.dumps({"path": "datapackage.json", "hash": "sha256:" + hashlib.sha256(text).hexdigest(),
                         "signedData": {"version": "0.1.0", "hash": "", "signature": "", "publicKey": ""}}).encode()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        for path, data in [*draft, ("datapackage.json", text), ("datapackage-digest.json", digest)]:
            method = zipfile.ZIP_STORED if path.startswith(("archive/", "indexes/index.cdx")) else zipfile.ZIP_DEFLATED
            z.writestr(zipfile.ZipInfo(path, (2020, 1, 2, 3, 4, 6)), data, method)
    yield "draft-1.2.wacz", out.getvalue()

    def zip64(entries, length, offset):
        record64 = b"PK\x06\x06" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, entries, entries, length, offset)
        locator = b"PK\x06\x07" + struct.pack("<IQI", 0, end, 1)
        plain = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 65535, 65535, 0xffffffff, 0xffffffff, 0)
        return sound[:end] + record64 + locator + plain
    yield "zip64.wacz", zip64(count, size, start)
    yield "entries-overstated.wacz", zip64(1 << 40, size, start)
    yield "directory-overstated.wacz", zip64(1 << 40, 1 << 40, start)
    yield "bytes-before.wacz", b"PK\x03\x04 is no entry\n" + sound
    yield "bytes-after.wacz", sound + b"noise"
    yield "comment-with-an-end.wacz", sound[:-2] + struct.pack("<H", 26) + b"PK\x05\x06" + b"x" * 22
    with io.BytesIO(sound) as again, zipfile.ZipFile(again, "a") as z:
        import warnings
        warnings.simplefilter("ignore")
        z.writestr(zipfile.ZipInfo("pages/pages.jsonl", (2020, 1, 2, 3, 4, 6)), b"{}\n")
        z.close()
        yield "file-twice.wacz", again.getvalue()
    two = package([("archive/a.warc.gz", packed), ("archive/b.warc.gz", packed)], resources=False)
    at = two.index(b"PK\x01\x02")
    yield "one-of-two-encrypted.wacz", two[:at + 8] + b"\x01" + two[at + 9:]
    broken = bytearray(packed)
    broken[len(pack(info())) + 30] ^= 0xff
    twice = package([("archive/a.warc.gz", bytes(broken)), ("archive/b.warc.gz", packed)], resources=False)
    yield "damaged-file-twice.wacz", twice.replace(b"archive/b", b"archive/a")
    yield "encrypted.wacz", sound[:start + 8] + b"\x01" + sound[start + 9:]
    second = sound.index(b"PK\x03\x04", 4)
    yield "local-header-missing.wacz", sound[:second] + b"PK\x03\x05" + sound[second + 4:]
    yield "list-of-everything-else.wacz", package([*inside, ("datapackage.json", json.dumps(
        {"resources": [{"path": ["a"], "hash": 7, "bytes": "x"}, {}, 3, None, "x", [1]], "x": [[]]}).encode())],
        resources=False)

    # Twenty entries of the directory for the bytes of one, and one for bytes within another's.
    entry = sound[start:sound.index(b"PK\x01\x02", start + 4)]
    more = b"".join(entry.replace(b"archive/data", b"archive/da%02d" % n) for n in range(20))
    yield "entries-over-each-other.wacz", sound[:start] + more + sound[start:end] + b"PK\x05\x06" + struct.pack(
        "<HHHHIIH", 0, 0, count + 20, count + 20, size + len(more), start, 0)
    # A stored file whose bytes hold another with its local header.
    inner = package([("archive/inner.warc.gz", packed)], resources=False)
    outer = package([("archive/outer.warc", info() + record(1, inner))], resources=False)
    at, inside_at = outer.rindex(b"PK\x01\x02"), outer.index(b"PK\x03\x04", 4)
    inner_entry = inner[inner.index(b"PK\x01\x02"):inner.rindex(b"PK\x05\x06")]
    inner_entry = inner_entry[:42] + struct.pack("<I", inside_at) + inner_entry[46:]
    entries = outer[outer.rindex(b"PK\x01\x02"):outer.rindex(b"PK\x05\x06")] + inner_entry
    yield "entry-inside-another.wacz", outer[:at] + entries + b"PK\x05\x06" + struct.pack(
        "<HHHHIIH", 0, 0, 2, 2, len(entries), at, 0)

    # A window of 64 MiB, for a frame that has a few bytes.
    frame = b"\x28\xb5\x2f\xfd\x00\x80" + struct.pack("<I", len(record(1)) << 3 | 1)[:3] + record(1)
    yield "window-too-large.warc.zst", frame
    yield "field-of-many-words.warc", info() + record(1, extra="X-Words: " + "=?x " * 4000) + record(2)


def http(status="HTTP/1.1 200 OK", fields="", body=b"", eol="\r\n"):
    """A message: status line, fields, body."""
    lines = [status, *fields.strip("\n").split("\n")] if fields else [status]
    return "".join(line + eol for line in lines).encode("latin-1") + eol.encode() + body


def strangers():
    """What a stranger would try: all kinds of framing, headers, messages, ARC lines and packages."""
    r = [record(n) for n in range(1, 4)]
    plain = info() + b"".join(r)
    body = b"<p>the body"

    # gzip (RFC 1952): what members may have, and what they may not.
    def extra(*fields):
        data = b"".join(name + struct.pack("<H", len(value)) + value for name, value in fields)
        return struct.pack("<H", len(data)) + data
    sl = struct.pack("<II", 0, 0)
    yield "extra-field-empty.warc.gz", member(info(), 4, struct.pack("<H", 0)) + pack(r[0])
    yield "extra-field-cut.warc.gz", pack(info()) + member(r[0], 4, struct.pack("<H", 60000))
    yield "extra-fields-several.warc.gz", member(info(), 4, extra((b"AB", b"xyz"), (b"LX", b""))) + pack(r[0])
    yield "extra-field-within-lies.warc.gz", member(info(), 4, struct.pack("<H", 6) + b"sl\xff\xffab") + pack(r[0])
    yield "skip-lengths-of-nothing.warc.gz", member(info(), 4, extra((b"sl", sl))) + pack(r[0])
    yield "skip-lengths-short.warc.gz", member(info(), 4, extra((b"sl", b"\x01\x02\x03"))) + pack(r[0])
    yield "name-without-end.warc.gz", pack(info()) + member(r[0], 8, b"name" * 9)[:60]
    yield "reserved-flags.warc.gz", pack(info()) + member(r[0], 0xe0) + pack(r[1])
    yield "text-flag.warc.gz", member(info(), 1) + member(r[0], 1)
    whole = zlib.compressobj(6, zlib.DEFLATED, -15)
    flushed = b"".join(whole.compress(plain[n:n + 100]) + whole.flush(zlib.Z_FULL_FLUSH)
                       for n in range(0, len(plain), 100)) + whole.flush()
    trailer = struct.pack("<II", zlib.crc32(plain), len(plain))
    yield "flushed-blocks.warc.gz", b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + flushed + trailer
    def bgzf(data):
        packed = deflate(data)
        return (b"\x1f\x8b\x08\x04\0\0\0\0\0\xff\x06\0BC\x02\0" + struct.pack("<H", len(packed) + 25) + packed
                + struct.pack("<II", zlib.crc32(data), len(data)))
    yield "blocks-of-bgzip.warc.gz", b"".join(bgzf(plain[n:n + 250]) for n in range(0, len(plain), 250)) + bgzf(b"")
    yield "zeros-between-members.warc.gz", b"".join(pack(one) + b"\0" * 512 for one in [info(), *r])
    yield "packed-twice.warc.gz", pack(plain and b"".join(pack(one) for one in [info(), *r]))
    yield "plain-record-between-members.warc.gz", pack(info()) + r[0] + pack(r[1])
    yield "members-after-plain-records.warc", info() + r[0] + pack(r[1]) + pack(r[2])
    yield "huge-size-in-trailer.warc.gz", pack(info()) + member(r[0], size=0xffffffff) + pack(r[1])
    yield "compress.warc.Z", b"\x1f\x9d\x90" + b"\x57\x82\x48" * 40

    # Version lines and headers.
    yield "byte-order-mark.warc", b"\xef\xbb\xbf" + plain
    yield "utf-16.warc", plain.decode().encode("utf-16")
    yield "lower-case-version.warc", plain.replace(b"WARC/1.1", b"warc/1.1", 1)
    yield "version-with-a-blank.warc", info() + r[0].replace(b"WARC/1.1\r\n", b"WARC/1.1 \r\n") + r[1]
    yield "version-of-many-digits.warc", info() + r[0].replace(b"WARC/1.1", b"WARC/1." + b"1" * 40) + r[1]
    yield "version-line-alone.warc", info() + b"WARC/1.1\r\n\r\n" + r[0]
    yield "lower-case-fields.warc", info() + record(1).replace(b"Content-Length", b"content-length").replace(
        b"WARC-", b"warc-") + r[1]
    for name, length in [("plus", "+18"), ("blanks-around", "  18  "), ("hexadecimal", "0x12"), ("list", "18, 18"),
                         ("zeros-before", "000000000000000000000000018"), ("empty", "")]:
        yield f"length-{name}.warc", info() + record(1, length=length) + r[1]
    yield "length-twice-different.warc", info() + record(1, extra="Content-Length: 5") + r[1]
    yield "carriage-returns-alone.warc", info() + r[0].replace(b"\r\n", b"\r") + r[1]
    yield "line-ends-mixed.warc", info() + r[0].replace(b"\r\n", b"\n", 3) + r[1]
    yield "no-blank-line-after-header.warc", info() + r[0].replace(b"\r\n\r\n", b"\r\n", 1) + r[1]
    yield "zero-byte-in-a-value.warc", info() + record(1, extra="X-Note: a\0b") + r[1]
    yield "no-fields-but-length.warc", info() + b"WARC/1.1\r\nContent-Length: 4\r\n\r\nabcd\r\n\r\n" + r[1]
    yield "types-of-nobody.warc", info() + record(1, kind="screenshot") + record(2, kind="")
    for name, date in [("missing", None), ("of-14-digits", "20200102030405"), ("with-an-offset", "2020-01-02T03:04:05+01:00"),
                       ("of-a-year", "2020"), ("impossible", "2020-02-31T25:61:61Z"), ("long-fraction", "2020-01-02T03:04:05.123456789Z")]:
        line = b"" if date is None else f"WARC-Date: {date}\r\n".encode()
        yield f"date-{name}.warc", info() + r[0].replace(f"WARC-Date: {DATE}\r\n".encode(), line) + r[1]
    for name, uri in [("blanks", "http://news.example/a b\tc"), ("not-ascii", "http://news.example/\xc3\xbc/\xfc"),
                      ("no-scheme", "news.example/1"), ("only-a-scheme", "http:"), ("ipv6", "http://[::1]:80/"),
                      ("user", "http://user:secret@news.example/"), ("data", "data:text/plain,hello world")]:
        yield f"uri-{name}.warc", info() + record(1, uri=uri) + r[1]
    yield "segments.warc", info() + record(1, extra="WARC-Segment-Number: 1") + record(
        2, kind="continuation", extra="WARC-Segment-Number: 2\nWARC-Segment-Origin-ID: <urn:uuid:00000000-0000-0000-0000-000000000001>\n"
        "WARC-Segment-Total-Length: 36")
    yield "warcinfo-at-the-end.warc", r[0] + r[1] + info()
    yield "two-files-in-one.warc.gz", (pack(info()) + pack(r[0])) * 2

    # Links between records.
    profile = "WARC-Profile: http://netpreserve.org/warc/1.1/revisit/identical-payload-digest\n"
    def revisit(number, of, payload, more=""):
        return record(number, http(), kind="revisit", content="application/http; msgtype=response",
                      extra=profile + f"WARC-Refers-To: <urn:uuid:00000000-0000-0000-0000-{of:012}>\n"
                      + more + f"WARC-Payload-Digest: {sha1(payload)}")
    yield "revisit-of-itself.warc", info() + revisit(2, 2, body)
    yield "revisits-of-each-other.warc", info() + revisit(2, 3, body) + revisit(3, 2, body)
    yield "revisit-before-its-original.warc", info() + revisit(2, 1, body) + response(1, http(body=body), body)
    yield "revisit-of-an-unknown-profile.warc", info() + record(
        2, http(), kind="revisit", content="application/http; msgtype=response", extra="WARC-Profile: http://x.example/p")
    yield "concurrent-to-itself.warc", info() + record(
        1, extra="WARC-Concurrent-To: <urn:uuid:00000000-0000-0000-0000-000000000001>")

    # HTTP messages: status lines, heads, chunks, codings.
    def messages(name, *blocks):
        """A response for each block and its payload."""
        records = [response(n, block, payload) for n, (block, payload) in enumerate(blocks, 1)]
        return name, info() + b"".join(records)
    yield messages("status-lines.warc", *[(http(line, body=body), body) for line in [
        "HTTP/1.1 200", "HTTP/1.1  200  OK", "HTTP/3 200", "ICY 200 OK", "HTTP/1.1 abc OK", "HTTP/1.1 99999 OK", "http/1.1 200 ok"]])
    yield messages("heads.warc", (http(eol="\n", body=body), body), (b"HTTP/1.1 200 OK\r\nA: b\r\n", b""), (b"", b""),
                   (b"HTTP/1.1 200 OK", b""), (http(fields=": no name\nno colon\n folded\nA:", body=body), body))
    yield messages("interim-responses.warc", (http("HTTP/1.1 100 Continue") + http(body=body), body),
                   (http("HTTP/1.1 103 Early Hints", "Link: <a>") * 2 + http(body=body), body))
    te = "Transfer-Encoding: chunked"
    yield messages("chunks.warc", *[(http(fields=te, body=chunks), payload) for chunks, payload in [
        (b"B\r\n" + body + b"\r\n0\r\n\r\n", body),
        (b"b;name=\"a;b\"\r\n" + body + b"\r\n000;x\r\nTrailer: yes\r\n\r\n", body),
        (b"b \r\n" + body + b"\r\n0\r\n\r\n", body),
        (b"b\n" + body + b"\n0\n\n", body),
        (b"0b\r\n" + body + b"\r\n", body),
        (b"b\r\n" + body + b"\r\n0\r\n\r\nand more", body)]])
    yield messages("chunks-of-no-size.warc", *[(http(fields=te, body=chunks), payload) for chunks, payload in [
        (b"ffffffffffffffff\r\n" + body, body), (b"fffffffffffffffff\r\n" + body, b"fffffffffffffffff\r\n" + body),
        (b"-1\r\n" + body, b"-1\r\n" + body), (b"0x0b\r\n" + body, b"0x0b\r\n" + body), (b"", b""), (b"\r\n", b"\r\n")]])
    packed = pack(body)
    zl = zlib.compress(body)
    for name, coding, coded in [
            ("gzip", "gzip", packed), ("x-gzip", "X-GZIP", packed), ("gzip-of-plain", "gzip", body), ("gzip-cut", "gzip", packed[:-6]),
            ("gzip-with-noise", "gzip", packed + b"noise"), ("gzip-twice", "gzip, gzip", pack(packed)), ("deflate", "deflate", zl),
            ("deflate-raw", "deflate", deflate(body)), ("unknown", "snappy", body), ("identity", "identity", body),
            ("empty", "gzip", b"")]:
        yield f"coding-{name}.warc", info() + response(1, http(fields=f"Content-Encoding: {coding}", body=coded), coded) + response(
            2, http(fields=f"Content-Encoding: {coding}", body=coded), body)
    yield messages("transfer-codings.warc",
                   (http(fields="Transfer-Encoding: gzip, chunked", body=b"%x\r\n" % len(packed) + packed + b"\r\n0\r\n\r\n"), body),
                   (http(fields="Transfer-Encoding: identity", body=body), body),
                   (http(fields="Transfer-Encoding: chunked, gzip", body=packed), body),
                   (http(fields="Transfer-Encoding: chunked\nContent-Length: 3", body=b"b\r\n" + body + b"\r\n0\r\n\r\n"), body),
                   (http(fields="Content-Length: 3", body=body), body), (http(fields="Content-Length: 999", body=body), body))
    yield messages("statuses-without-a-body.warc", (http("HTTP/1.1 204 No Content"), b""), (http("HTTP/1.1 304 Not Modified", body=body), body),
                   (http("HTTP/1.1 204 No Content", "Content-Length: 11", body=body), body))

    # ARC lines.
    def arc(line, content=ARC_BODY, end=b"\n"):
        return line.encode("latin-1") + b"\n" + content + end
    n = len(ARC_BODY)
    yield "arc-description-twice.arc", (ARC_V1 + arc1(1)) * 2
    yield "arc-then-warc.arc", ARC_V1 + arc1(1) + r[0] + r[1]
    yield "warc-then-arc.warc", info() + r[0] + ARC_V1 + arc1(1)
    yield "arc-one-member.arc.gz", pack(ARC_V1 + arc1(1) + arc1(2))
    yield "arc-line-ends-of-two-bytes.arc", ARC_V1.replace(b"text/plain 76", b"text/plain 78").replace(b"\n", b"\r\n") + arc(
        f"http://news.example/1 1.2.3.4 20020328143001 text/html {n}\r", end=b"\r\n") + arc1(2)
    yield "arc-no-line-end-between.arc", ARC_V1 + arc(f"http://news.example/1 1.2.3.4 20020328143001 text/html {n}", end=b"") + arc1(2)
    yield "arc-blank-at-the-end-of-a-line.arc", ARC_V1 + arc(f"http://news.example/1 1.2.3.4 20020328143001 text/html {n} ") + arc1(2)
    yield "arc-tabs.arc", ARC_V1 + arc(f"http://news.example/1\t1.2.3.4\t20020328143001\ttext/html\t{n}") + arc1(2)
    yield "arc-addresses.arc", ARC_V1 + b"".join(
        arc(f"http://news.example/{k} {a} 20020328143001 text/html {n}") for k, a in
        enumerate(["0.0.0.0", "-", "2001:db8::1", "no-address", "1.2.3", "localhost"]))
    yield "arc-dates.arc", ARC_V1 + b"".join(
        arc(f"http://news.example/{k} 1.2.3.4 {d} text/html {n}") for k, d in
        enumerate(["200203281430", "20020328", "20020328143001999", "99999999999999", "0", "2002-03-28"]))
    yield "arc-types.arc", ARC_V1 + b"".join(
        arc(f"http://news.example/{k} 1.2.3.4 20020328143001 {t} {n}") for k, t in
        enumerate(["text/html; charset=\"a b\"", "no-type", "-", "text/html 5", ""]))
    yield "arc-length-negative.arc", ARC_V1 + arc("http://news.example/1 1.2.3.4 20020328143001 text/html -1") + arc1(2)
    yield "arc-length-huge.arc", ARC_V1 + arc("http://news.example/1 1.2.3.4 20020328143001 text/html 99999999999999") + arc1(2)
    yield "arc-line-in-a-body.arc", ARC_V1 + arc1(1, b"HTTP/1.0 200 OK\r\n\r\n\n" + arc1(9)) + arc1(2)
    yield "arc-bodies-empty.arc", ARC_V1 + arc1(1, b"") + arc1(2, b"\n\n") + arc1(3)
    yield "arc-url-not-ascii.arc", ARC_V1 + arc(f"http://news.example/\xfc 1.2.3.4 20020328143001 text/html {n}") + arc1(2)

    # Packages.
    members = b"".join(pack(one) for one in [info(), *r])
    inside = [("archive/data.warc.gz", members), ("pages/pages.jsonl", b"{}\n")]
    def with_list(text):
        return package([*inside, ("datapackage.json", text)], resources=False)
    yield "list-no-json.wacz", with_list(b"not json")
    yield "list-empty.wacz", with_list(b"")
    yield "list-of-an-array.wacz", with_list(b"[]")
    yield "list-resources-null.wacz", with_list(b'{"resources": null}')
    yield "list-cut.wacz", with_list(b'{"resources": [{"path": "archive/data.warc.gz", "bytes": ')
    yield "list-with-more-after.wacz", with_list(b'{"resources": [{"path": "archive/data.warc.gz"}, {"path": "pages/pages.jsonl"}]} x')
    def hashes(listed):
        listed[0]["hash"] = listed[0]["hash"].removeprefix("sha256:").upper()
        listed[1]["hash"] = "md5:" + hashlib.md5(b"{}\n").hexdigest()
    yield "hashes-in-other-forms.wacz", package(inside, change=hashes)
    def no_hash(listed):
        listed[0]["hash"], listed[1]["hash"] = "", "crc32:00000000"
    yield "hashes-that-are-none.wacz", package(inside, change=no_hash)
    yield "paths-that-lead-out.wacz", package([("../archive/a.warc.gz", members), ("/archive/b.warc.gz", members),
                                               ("archive\\c.warc.gz", members), ("./archive/d.warc.gz", members)])
    yield "folders.wacz", package([("archive/", b""), ("archive/data.warc.gz", members), ("pages/", b"")], resources=False)
    yield "bzip2.wacz", package(inside, zipfile.ZIP_BZIP2)
    yield "nothing-inside.wacz", package([], resources=False)
    yield "no-archive.wacz", package([("indexes/index.cdx", b""), ("pages/pages.jsonl", b"{}\n")])
    yield "package-in-a-package.wacz", package([("archive/inner.wacz", package(inside)), *inside])
    yield "files-that-are-no-warc.wacz", package([("archive/readme.txt", b"read me\n"), ("archive/empty.warc.gz", b""), *inside])
    streamed = io.BytesIO()
    class NoSeek(io.RawIOBase):
        """An output that cannot seek: lengths then stand after the bytes."""
        def writable(self):
            return True
        def write(self, data):
            return streamed.write(data)
    with zipfile.ZipFile(NoSeek(), "w") as z:
        for path, data in inside:
            z.writestr(zipfile.ZipInfo(path, (2020, 1, 2, 3, 4, 6)), data, zipfile.ZIP_DEFLATED)
    yield "lengths-after-the-bytes.wacz", streamed.getvalue()
    sound = package(inside)
    yield "local-length-wrong.wacz", sound[:18] + struct.pack("<II", 7, 7) + sound[26:]
    end = sound.rindex(b"PK\x05\x06")
    directory = sound.index(b"PK\x01\x02")
    yield "entry-length-wrong.wacz", sound[:directory + 20] + struct.pack("<II", 1 << 30, 1 << 30) + sound[directory + 28:]
    yield "name-length-wrong.wacz", sound[:directory + 28] + struct.pack("<H", 60000) + sound[directory + 30:]
    yield "offset-beyond-the-end.wacz", sound[:directory + 42] + struct.pack("<I", 0x7fffffff) + sound[directory + 46:]
    yield "several-disks.wacz", sound[:end + 4] + struct.pack("<HH", 1, 0) + sound[end + 8:]
    yield "directory-cut-off.wacz", sound[:directory]


def frames():
    """zstd frames, made with the zstd command."""
    r = [record(n) for n in range(1, 4)]
    plain = info() + b"".join(r)
    one = [zstd(part) for part in [info(), *r]]
    def skippable(data, length=None):
        return b"\x5d\x2a\x4d\x18" + struct.pack("<I", len(data) if length is None else length) + data
    yield "several-records-per-frame.warc.zst", zstd(info() + r[0]) + zstd(r[1] + r[2])
    yield "record-over-frames.warc.zst", b"".join(zstd(plain[n:n + 333]) for n in range(0, len(plain), 333))
    yield "frames-without-checksum.warc.zst", b"".join(zstd(part, "--no-check") for part in [info(), *r])
    yield "frames-without-length.warc.zst", b"".join(zstd(part, "--no-content-size") for part in [info(), *r])
    yield "empty-frames.warc.zst", zstd(b"") + one[0] + zstd(b"") + one[1]
    dictionary = zstd_dictionary()
    packed = [zstd(part, dictionary=dictionary) for part in [info(), *r]]
    other = bytearray(dictionary)
    other[4] ^= 0xff
    yield "dictionary-of-another-number.warc.zst", skippable(bytes(other)) + b"".join(packed)
    yield "dictionary-not-first.warc.zst", one[0] + skippable(dictionary) + packed[1]
    yield "dictionary-twice.warc.zst", skippable(dictionary) * 2 + b"".join(packed)
    yield "dictionary-empty.warc.zst", skippable(b"") + b"".join(one)
    yield "dictionary-of-noise.warc.zst", skippable(b"noise" * 20) + b"".join(one)
    yield "dictionary-that-lies.warc.zst", skippable(dictionary, 0xffffffff) + b"".join(packed)
    yield "dictionary-unused.warc.zst", skippable(dictionary) + b"".join(one)
    yield "packed-dictionary-damaged.warc.zst", skippable(zstd(dictionary)[:-40] + b"x" * 40) + b"".join(packed)
    yield "frame-of-version-0.7.warc.zst", one[0] + b"\x27\xb5\x2f\xfd" + one[1][4:] + one[2]
    yield "magic-alone.warc.zst", one[0] + b"\x28\xb5\x2f\xfd"
    yield "gzip-after-frames.warc.zst", one[0] + pack(r[0]) + one[2]


def main(wanted):
    for source in (packages, strangers, files, frames):
        for name, data in source():
            if wanted and name not in wanted:
                continue
            with open(os.path.join(HERE, name), "wb") as f:
                f.write(data)
        if wanted and all(os.path.exists(os.path.join(HERE, name)) for name in wanted):
            return


main(sys.argv[1:])
