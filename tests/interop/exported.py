"""Reads an exported package and an exported WARC file with other people's readers.

usage: exported.py FILE.wacz FILE.warc.gz

py-wacz validates the package, warcio checks every digest of both, FastWARC reads both, and each line of the
package's index leads to its record. Ends with 1 when one of them disagrees, with 77 when one is missing.
"""

import gzip
import io
import json
import subprocess
import sys
import tempfile
import zipfile

MISSING = 77

try:
    import wacz  # noqa: F401
    from fastwarc.warc import ArchiveIterator as FastIterator
    from warcio.archiveiterator import ArchiveIterator
except ImportError as why:
    print(f"skipped: {why}")
    sys.exit(MISSING)


def check_warc(name):
    done = subprocess.run([sys.executable, "-m", "warcio.cli", "check", name],
                          capture_output=True, text=True)
    assert done.returncode == 0, f"warcio check {name}: {done.stdout}{done.stderr}"
    with open(name, "rb") as file:
        records = [(r.rec_type, r.rec_headers.get_header("WARC-Target-URI"))
                   for r in ArchiveIterator(file)]
    with open(name, "rb") as file:
        fast = sum(1 for _ in FastIterator(file, parse_http=False))
    assert fast == len(records), f"FastWARC reads {fast} records, warcio {len(records)}"
    assert records and records[0][0] == "warcinfo", records[:1]
    return records


def check_package(name):
    done = subprocess.run([sys.executable, "-c", "from wacz.main import main; import sys; "
                           "sys.exit(main(sys.argv[1:]))", "validate", "-f", name],
                          capture_output=True, text=True)
    told = done.stdout + done.stderr
    assert done.returncode == 0 and "invalid" not in told.lower(), f"py-wacz: {told}"
    with zipfile.ZipFile(name) as package:
        assert package.testzip() is None
        warcs = [i for i in package.infolist() if i.filename.startswith("archive/")]
        assert len(warcs) == 1 and warcs[0].compress_type == zipfile.ZIP_STORED
        warc = package.read(warcs[0])
        index = gzip.decompress(package.read("indexes/index.cdx.gz")).decode().splitlines()
        pages = package.read("pages/pages.jsonl").decode().splitlines()
    assert index and index == sorted(index)
    urls = set()
    for line in index:
        fields = json.loads(line.split(" ", 2)[2])
        start = int(fields["offset"])
        member = io.BytesIO(warc[start:start + int(fields["length"])])
        found = [r.rec_headers.get_header("WARC-Target-URI") for r in ArchiveIterator(member)]
        assert found == [fields["url"]], f"{found} at {line}"
        urls.add(fields["url"])
    for page in map(json.loads, pages[1:]):
        assert page["url"] in urls, page
    with tempfile.NamedTemporaryFile(suffix=".warc.gz") as file:
        file.write(warc)
        file.flush()
        return len(check_warc(file.name)), len(index), len(pages) - 1


def main():
    package, warc = sys.argv[1:]
    try:
        records, lines, pages = check_package(package)
        print(f"package: {records} records, {lines} lines, {pages} pages")
        print(f"WARC: {len(check_warc(warc))} records")
    except AssertionError as why:
        print(f"FAILED: {why}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
