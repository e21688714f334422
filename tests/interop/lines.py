"""Compares our index lines with cdxj-indexer's over the same files.

usage: lines.py PRESSMARK FILE [FILE ...]

Also over a file that warcio writes here, with requests that have bodies. Every line has to be the same
but for the differences that docs/reference/index-lines.md names. Ends with 1 when there is another one,
with 77 when cdxj-indexer is missing.
"""

import io
import json
import os
import subprocess
import sys
import tempfile

MISSING = 77

try:
    from cdxj_indexer.main import CDXJIndexer
    from warcio.archiveiterator import ArchiveIterator
    from warcio.statusandheaders import StatusAndHeaders
    from warcio.warcwriter import WARCWriter
except ImportError as why:
    print(f"skipped: {why}")
    sys.exit(MISSING)

BODIES = [
    ("application/x-www-form-urlencoded", "a=1&b=two+words&c=%C3%BC%26%3D&A=Z".encode()),
    ("application/x-www-form-urlencoded", b"a=\xff"),
    ("application/x-www-form-urlencoded; charset=utf-8", "a=%zz&b=%41+%2B#frag?&\u00e9".encode()),
    ("application/x-www-form-urlencoded", b"x" * 9000),
    ("application/json", b'{"a":1,"b":["x y",{"a":"z","a2":""}],"c":{"d":{"a":"q"}},"g":"\\u00e9"}'),
    ("application/json", b'{"x":1}\n{"x":2,"y":"z"}'),
    ("application/json", b"no json"),
    ("text/plain", b"plain text"),
    ("text/plain", b'{"x":1}'),
    ("application/octet-stream", b"\x00\x01\xffbinary"),
    ("image/png", bytes(range(256)) * 40),
    ("", b"?"),
    ("multipart/form-data; boundary=xx",
     b'--xx\r\nContent-Disposition: form-data; name="field"\r\n\r\nval ue\r\n--xx\r\n'
     b'Content-Disposition: form-data; name="f"; filename="n.txt"\r\n\r\nfile \xff body\r\n--xx--\r\n'),
]


def made(name):
    """A file of every kind of record, and of requests with bodies."""
    with open(name, "wb") as out:
        writer = WARCWriter(out, gzip=True)
        writer.write_record(writer.create_warcinfo_record(name, {"software": "warcio"}))
        html = StatusAndHeaders("200 OK", [("Content-Type", "Text/HTML; x")], protocol="HTTP/1.1")

        def record(kind, url, body, http=None, content_type="", more=None):
            made = writer.create_warc_record(url, kind, payload=io.BytesIO(body), http_headers=http,
                                             warc_content_type=content_type, warc_headers_dict=more or {})
            writer.write_record(made)
            return made

        record("metadata", "http://example.com/m", b"a: b", content_type="application/warc-fields")
        record("metadata", "http://example.com/m2", b"{}", content_type="application/json")
        record("resource", "urn:thumbnail:http://example.com/", b"x", content_type="image/png")
        record("resource", "file:///tmp/X Y", b"x", content_type="text/plain; charset=utf-8")
        record("conversion", "http://example.com/c", b"x", content_type="text/plain")
        record("response", "http://Example.com:80/Ab?b=2&a=1", b"body", html)
        record("response", "https://www.example.com/x#frag", b"body",
               StatusAndHeaders("204 No Content", [], protocol="HTTP/1.1"))
        record("response", "http://example.com/\u00fc?q=\u00df", b"x", html)
        record("response", "http://example.com/md5", b"x", html, more={"WARC-Payload-Digest": "md5:abc"})
        for http in (html, None):
            writer.write_record(writer.create_revisit_record(
                "http://example.com/r", "sha1:B6QJ6BNJ3R4B23XXMRKZKHLPGJY2VE4O",
                refers_to_uri="http://example.com/a", refers_to_date="2020-01-01T00:00:00Z",
                http_headers=http))
        for number, (media_type, body) in enumerate(BODIES):
            method = "PUT" if number % 5 == 4 else "POST"
            url = f"http://example.com/p{number}" + ("?q=1" if number % 3 == 0 else "")
            headers = [("Content-Type", media_type), ("Content-Length", str(len(body)))]
            request = StatusAndHeaders(f"{method} /p HTTP/1.1", headers, is_http_request=True)
            response = record("response", url, b"answer", html)
            beside = response.rec_headers.get_header("WARC-Record-ID")
            record("request", url, body, request, more={"WARC-Concurrent-To": beside})


def theirs(name):
    out = io.StringIO()
    indexer = CDXJIndexer(out, [name], post_append=True, sort=False)
    with open(name, "rb") as file:
        indexer.process_one(file, out, name)
    return sorted(set(out.getvalue().splitlines()))


def parsed(lines):
    """Lines by file and offset."""
    found = {}
    for line in lines:
        key, stamp, fields = line.split(" ", 2)
        fields = json.loads(fields)
        found[fields["filename"], fields["offset"]] = (key, stamp, fields)
    return found


def is_named(name, place, ours, other):
    """Whether the difference is one that the documentation names."""
    with open(name, "rb") as file:
        file.seek(int(place[1]))
        record = next(iter(ArchiveIterator(file)))
        kind, headers = record.rec_type, record.rec_headers
    if kind == "revisit" and ours[0] != other[0] and "__wb_method" in ours[0]:
        return True
    fields = {field for field in set(ours[2]) | set(other[2]) if ours[2].get(field) != other[2].get(field)}
    if fields == {"mime"} and "mime" not in other[2]:
        return not headers.get_header("WARC-Target-URI").startswith("http")
    if fields == {"digest"}:
        return headers.get_header("WARC-Payload-Digest") is None
    return False


def compare(pressmark, name):
    done = subprocess.run([pressmark, "index", name], capture_output=True, text=True)
    assert done.returncode == 0, f"pressmark index {name}: {done.returncode}: {done.stderr}"
    ours = done.stdout.splitlines()
    assert ours == sorted(set(ours), key=lambda line: line.encode()), f"{name}: not sorted"
    other = theirs(name)
    if ours == other:
        return len(ours), 0
    mine, others = parsed(ours), parsed(other)
    assert mine.keys() == others.keys(), (
        f"{name}: only ours {sorted(mine.keys() - others.keys())[:3]}, "
        f"only cdxj-indexer's {sorted(others.keys() - mine.keys())[:3]}")
    named = 0
    for place in mine:
        if mine[place] != others[place]:
            assert is_named(name, place, mine[place], others[place]), (
                f"{name} at {place}:\n{mine[place]}\n{others[place]}")
            named += 1
    return len(ours), named


def main():
    pressmark, *files = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        name = os.path.join(folder, "made.warc.gz")
        made(name)
        lines = named = 0
        try:
            for file in [name, *files]:
                counts = compare(pressmark, file)
                lines, named = lines + counts[0], named + counts[1]
        except AssertionError as why:
            print(f"FAILED: {why}")
            return 1
    print(f"cdxj-indexer: {lines} lines of {len(files) + 1} files, {named} of them different for a named reason")
    return 0


if __name__ == "__main__":
    sys.exit(main())
