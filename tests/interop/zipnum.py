"""Asks pywb for the captures of URLs, from ZipNum shards, and compares its answers with our index lines.

usage: zipnum.py FOLDER FILE.cdxj

FILE.cdxj has the same captures as plain lines. Ends with 1 when they disagree, with 77 when pywb is missing.
"""

import json
import sys

MISSING = 77

try:
    from pywb.warcserver.index.query import CDXQuery
    from pywb.warcserver.index.zipnum import ZipNumIndexSource
except ImportError as why:
    print(f"skipped: {why}")
    sys.exit(MISSING)

FIELDS = ["url", "mime", "status", "digest", "length", "offset", "filename", "record_id"]


def row(key, stamp, fields):
    return (key, stamp, *(str(fields.get(name, "-")) for name in FIELDS))


def main():
    folder, lines = sys.argv[1:]
    source = ZipNumIndexSource.init_from_string(f"zipnum+{folder}/index.idx")
    wanted = {}
    for line in open(lines, encoding="utf-8"):
        key, stamp, fields = line.rstrip("\n").split(" ", 2)
        wanted.setdefault(key, []).append(row(key, stamp, json.loads(fields)))
    count = 0
    for key, rows in wanted.items():
        params = {"url": rows[0][2]}
        query = CDXQuery(params)
        found = [row(cdx["urlkey"], cdx["timestamp"], cdx) for cdx in source.load_index(query.params)]
        if sorted(found) != sorted(rows):
            print(f"FAILED: {params}: {found[:2]} is not {rows[:2]}")
            return 1
        count += len(found)
    missing = list(source.load_index(CDXQuery({"url": "http://zz.example/none"}).params))
    host = next(rows[0][2].split("/")[2] for rows in wanted.values() if rows[0][2].startswith("http"))
    domain = list(source.load_index(CDXQuery({"url": host, "matchType": "host"}).params))
    of_host = sum(len(rows) for rows in wanted.values() if rows[0][2].split("/")[2:3] == [host])
    if missing or len(domain) != of_host or not of_host:
        print(f"FAILED: {len(missing)} captures of what was not captured, {len(domain)} of {host}, not {of_host}")
        return 1
    print(f"pywb: {count} captures of {len(wanted)} URLs, {len(domain)} of {host}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
