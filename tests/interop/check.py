"""Reads our WARC files with other people's readers and compares what they find.

usage: check.py CDXJ FILE.warc.gz [FILE.warc.gz ...]

CDXJ holds what `pressmark captures --format cdxj` printed for these files. Prints one line for
each reader, and ends with 1 when any of them disagrees, with 77 when one of them is missing.
"""

import json
import subprocess
import sys
import tempfile

MISSING = 77


def check_warcio(files):
    """`warcio check` recomputes every block and payload digest it knows."""
    from warcio.archiveiterator import ArchiveIterator

    records = 0
    for name in files:
        done = subprocess.run([sys.executable, "-m", "warcio.cli", "check", "-v", name],
                              capture_output=True, text=True)
        if done.returncode != 0:
            raise AssertionError(f"warcio check {name}:\n{done.stdout}{done.stderr}")
        with open(name, "rb") as stream:
            for record in ArchiveIterator(stream, check_digests="raise"):
                record.content_stream().read()
                records += 1
    return f"warcio: {records} records, every digest agrees"


def check_fastwarc(files):
    """FastWARC verifies block digests; payload digests are of another record for revisits."""
    from fastwarc.stream_io import FileStream, GZipStream
    from fastwarc.warc import ArchiveIterator, WarcRecordType

    records = 0
    for name in files:
        for record in ArchiveIterator(GZipStream(FileStream(name, "rb")), parse_http=False):
            records += 1
            if record.headers.get("WARC-Block-Digest") and not record.verify_block_digest():
                raise AssertionError(f"FastWARC: block digest of {record.record_id} in {name}")
            if record.record_type == WarcRecordType.warcinfo:
                continue
    return f"FastWARC: {records} records, every block digest agrees"


def check_pywb(files, cdxj):
    """pywb's indexer must find the captures we list, at the same place with the same facts."""
    with tempfile.NamedTemporaryFile("r", suffix=".cdxj") as out:
        subprocess.run([sys.executable, "-c",
                        "from pywb.indexer.cdxindexer import main; import sys; main(sys.argv[1:])",
                        "-j", "-s", out.name, *files], check=True, capture_output=True)
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
    theirs = {k: v for k, v in theirs.items()
              if v[2].get("mime") != "application/warc-fields" and not v[0].startswith("dns:")}
    missing = set(theirs) - set(ours)
    surplus = set(ours) - set(theirs)
    if missing or surplus:
        raise AssertionError(f"pywb finds {len(theirs)} captures, we {len(ours)}; "
                             f"only pywb: {sorted(missing)[:3]}, only ours: {sorted(surplus)[:3]}")
    for place, (key, stamp, fields) in ours.items():
        their_key, their_stamp, their_fields = theirs[place]
        pairs = [("urlkey", key, their_key), ("timestamp", stamp, their_stamp)]
        for name in ("url", "mime", "status", "digest", "length"):
            pairs.append((name, fields.get(name), their_fields.get(name)))
        for name, mine, other in pairs:
            # pywb leaves out what a record does not say, and drops the label of SHA-1 digests.
            if name == "digest" and mine and other:
                mine = mine.removeprefix("sha1:")
            if other is not None and mine != other:
                raise AssertionError(f"{name} of {fields['url']} at {place}: {mine!r}, pywb {other!r}")
    return f"pywb: {len(ours)} captures, the same fields"


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
