"""Reads our WARC files with other people's readers and compares what they find.

usage: check.py CDXJ FILE.warc.gz [FILE.warc.gz ...]

CDXJ holds what `pressmark captures --format cdxj` printed for these files. Prints one line for
each reader, and ends with 1 when any of them disagrees, with 77 when one of them is missing.
"""

import base64
import collections
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import zlib

MISSING = 77


def without_chunks(body):
    """The data of a chunked body: sizes in hexadecimal, extensions and trailers left out, as far as
    it goes where it is cut, and as it stands where it is not chunked after all (RFC 9112 section
    7.1)."""
    data = b""
    while True:
        line, found, rest = body.partition(b"\n")
        if not found:
            return data
        try:
            size = int(line.split(b";")[0].strip(), 16)
        except ValueError:
            return data + body
        if size == 0:
            return data
        data += rest[:size]
        body = rest[size:].lstrip(b"\r").removeprefix(b"\n")


def payload_of(block):
    """The payload of a response by our own computation, and why a reader may see another one."""
    head = block.lstrip(b"\r\n")
    if not head.startswith(b"HTTP/"):
        return block, "without a status line"
    lead = len(block) - len(head)
    end = re.search(rb"\n\r?\n", head)
    if end is None:
        return b"", "with a cut head"
    body, fields = head[end.end():], head[:end.end()].lower()
    codings = re.findall(rb"\ntransfer-encoding[ \t]*:[ \t]*([^\r\n]*)", fields)
    codings = [coding.strip() for line in codings for coding in line.split(b",")]
    why = "chunked" if codings and codings[-1] == b"chunked" else None
    if why:
        body = without_chunks(body)
        codings.pop()
    # Other transfer codings are undone where the first bytes show them, two at most.
    for coding in codings[-1:-3:-1]:
        packed = {b"gzip": 31, b"x-gzip": 31, b"deflate": 15}.get(coding)
        shown = body[:2] == b"\x1f\x8b" if packed == 31 else body[:1] == b"\x78"
        if packed is None or not shown:
            break
        body, why = zlib.decompressobj(packed).decompress(body), "transfer-coded"
    if why:
        return body, why
    if re.search(rb"[^\r]\n", head[:end.end()]):
        return body, "after bare line feeds"
    return body, "after blank lines" if lead else None


def is_digest(wanted, payload):
    algorithm, value = wanted.split(":")
    digest = hashlib.new(algorithm, payload).digest()
    return value in (digest.hex(), base64.b32encode(digest).decode())


def check_warcio(files):
    """`warcio check` recomputes every block and payload digest it knows.

    It takes the payload of a chunked response with its chunks (webrecorder/warcio issue 74), where
    the standard means the body without its transfer coding (ISO 28500 section 6.3.2: the
    entity-body), and always takes the first line for a status line. Such records, and no
    others, may fail it: their digest is computed here.
    """
    from warcio.archiveiterator import ArchiveIterator

    records, ours = 0, collections.Counter()
    for name in files:
        done = subprocess.run([sys.executable, "-m", "warcio.cli", "check", "-v", name],
                              capture_output=True, text=True)
        failed, record_id = set(), None
        for line in done.stdout.splitlines():
            if " WARC-Record-ID " in line:
                record_id = line.split(" WARC-Record-ID ")[1].split(" ")[0]
            elif "payload digest failed" in line:
                failed.add(record_id)
            elif "digest failed" in line or "exception" in line or "unknown hash" in line:
                raise AssertionError(f"warcio check {name}: {record_id}: {line.strip()}")
        if done.returncode != (1 if failed else 0):
            raise AssertionError(f"warcio check {name}:\n{done.stdout[-2000:]}{done.stderr}")
        with open(name, "rb") as stream:
            for record in ArchiveIterator(stream, no_record_parse=True):
                records += 1
                block = record.raw_stream.read()
                if record.rec_headers.get_header("WARC-Record-ID") not in failed:
                    continue
                wanted = record.rec_headers.get_header("WARC-Payload-Digest")
                payload, why = payload_of(block)
                if why is None or not is_digest(wanted, payload):
                    uri = record.rec_headers.get_header("WARC-Target-URI")
                    raise AssertionError(f"payload digest of {uri} in {name}: {wanted}")
                ours[why] += 1
    words = "".join(f"; except {n} payloads {why}, which agree by our own reckoning"
                    for why, n in sorted(ours.items()))
    return f"warcio: {records} records, every digest agrees{words}"


def check_fastwarc(files):
    """FastWARC verifies every block digest, and the payload digests of responses. It too takes a
    chunked payload with its chunks; the payload of a revisit is elsewhere by design."""
    from fastwarc.warc import ArchiveIterator, WarcRecordType

    records, payloads = 0, 0
    for name in files:
        with open(name, "rb") as stream:
            for record in ArchiveIterator(stream, parse_http=False):
                records += 1
                if not record.headers.get("WARC-Block-Digest"):
                    raise AssertionError(f"{record.record_id} in {name} has no block digest")
                if not record.verify_block_digest(consume=True):
                    raise AssertionError(f"FastWARC: block digest of {record.record_id} in {name}")
        odd = set()
        with open(name, "rb") as stream:
            for record in ArchiveIterator(stream, record_types=WarcRecordType.response,
                                          parse_http=False):
                if payload_of(record.reader.read())[1] is not None:
                    odd.add(record.record_id)
        with open(name, "rb") as stream:
            for record in ArchiveIterator(stream, record_types=WarcRecordType.response,
                                          max_header_len=1 << 20):
                if record.headers.get("WARC-Payload-Digest") and record.record_id not in odd:
                    payloads += 1
                    if not record.verify_payload_digest(consume=True):
                        raise AssertionError(f"FastWARC: payload digest of {record.record_id}")
    return f"FastWARC: {records} records and {payloads} payloads, every digest agrees"


def kinds_of(files):
    """The type of each record, and what is odd about its head, by file name and offset."""
    from warcio.archiveiterator import ArchiveIterator

    kinds = {}
    for name in files:
        with open(name, "rb") as stream:
            records = ArchiveIterator(stream, no_record_parse=True)
            for record in records:
                # The block first: asking for the offset skips what is left of the record.
                block = record.raw_stream.read()
                place = (os.path.basename(name), str(records.get_record_offset()))
                kinds[place] = (record.rec_type, payload_of(block)[1])
    return kinds


def check_pywb(files, cdxj):
    """pywb's indexer must find the captures we list, at the same place with the same facts."""
    with tempfile.NamedTemporaryFile("r", suffix=".cdxj") as out:
        subprocess.run([sys.executable, "-c",
                        "from pywb.indexer.cdxindexer import main; import sys; main(sys.argv[1:])",
                        "-j", "-s", "-o", out.name, *files], check=True, capture_output=True)
        theirs = {}
        for line in open(out.name, encoding="utf-8"):
            key, stamp, fields = line.rstrip("\n").split(" ", 2)
            fields = json.loads(fields)
            theirs[(fields["filename"], fields["offset"])] = (key, stamp, fields)
    ours = {}
    for line in open(cdxj, encoding="utf-8"):
        key, stamp, fields = line.rstrip("\n").split(" ", 2)
        fields = json.loads(fields)
        if fields["record_type"] in ("response", "revisit"):
            ours[(fields["filename"], fields["offset"])] = (key, stamp, fields)
    # pywb also lists what lies beside a capture (interim responses, surplus bytes, name resolution)
    # and leaves out records without a status.
    kinds = kinds_of(files)
    theirs = {k: v for k, v in theirs.items() if kinds[k][0] in ("response", "revisit")}
    missing = set(theirs) - set(ours)
    surplus = {k for k in set(ours) - set(theirs) if ours[k][2].get("status")}
    if missing or surplus:
        raise AssertionError(f"pywb finds {len(theirs)} captures, we {len(ours)}; "
                             f"only pywb: {sorted(missing)[:3]}, only ours: {sorted(surplus)[:3]}")
    for place in sorted(set(ours) & set(theirs)):
        key, stamp, fields = ours[place]
        their_key, their_stamp, their_fields = theirs[place]
        pairs = [("urlkey", key, their_key), ("timestamp", stamp, their_stamp)]
        names = ["url", "status", "digest", "length"]
        # A record without a status line has no media type either, half a value counts as none, and pywb does not
        # look past blank lines.
        unclear = ("with a cut head", "after blank lines")
        if fields.get("status") and kinds[place][1] not in unclear:
            names.append("mime")
        for name in names:
            pairs.append((name, fields.get(name), their_fields.get(name)))
        for name, mine, other in pairs:
            # pywb leaves out what a record does not say, and drops the label of SHA-1 digests.
            if name == "digest" and mine and other:
                mine = mine.removeprefix("sha1:")
            if name == "status" and (not mine or kinds[place][1] == "after blank lines"):
                continue
            # A status below 100 is a number to us, and text to pywb.
            if name == "status":
                mine = mine.zfill(3)
            if other is not None and mine != other:
                raise AssertionError(f"{name} of {fields['url']} at {place}: {mine!r}, pywb {other!r}")
    return f"pywb: {len(theirs)} captures, the same fields"


def main():
    cdxj, *files = sys.argv[1:]
    missing = False
    for check in (lambda: check_warcio(files), lambda: check_fastwarc(files),
                  lambda: check_pywb(files, cdxj)):
        try:
            print(check())
        except ImportError as why:
            missing = True
            print(f"skipped: {why}")
        except AssertionError as why:
            print(f"FAILED: {why}")
            return 1
    return MISSING if missing else 0


if __name__ == "__main__":
    sys.exit(main())
