"""Reads an exported table with DuckDB and pyarrow, and compares it with the index lines of the same captures.

usage: table.py FILE.parquet FILE.cdxj

Ends with 1 when they disagree, with 77 when DuckDB is missing. pyarrow is asked where it is there.
"""

import json
import sys

MISSING = 77

try:
    import duckdb
except ImportError as why:
    print(f"skipped: {why}")
    sys.exit(MISSING)


def main():
    table, lines = sys.argv[1:]
    wanted = []
    for line in open(lines, encoding="utf-8"):
        key, stamp, fields = line.rstrip("\n").split(" ", 2)
        fields = json.loads(fields)
        status = int(fields["status"]) if "status" in fields else None
        wanted.append((key, stamp, fields["url"], status, fields["filename"], int(fields["offset"]),
                       int(fields["length"]), fields.get("digest", "").removeprefix("sha1:") or None,
                       fields.get("record_id"), fields["record_type"]))
    found = duckdb.sql(f"""
        select url_surtkey, strftime(fetch_time at time zone 'UTC', '%Y%m%d%H%M%S'), url, fetch_status,
               warc_filename, warc_record_offset, warc_record_length, content_digest, warc_record_id,
               warc_record_type
        from read_parquet('{table}')""").fetchall()
    if sorted(map(repr, found)) != sorted(map(repr, wanted)):
        print(f"FAILED: {found[:2]} is not {wanted[:2]}")
        return 1
    if [row[0] for row in found] != sorted(row[0] for row in found):
        print("FAILED: not sorted by url_surtkey")
        return 1
    # Statistics are used: rows that they exclude are not found.
    none = duckdb.sql(f"select count(*) from read_parquet('{table}') where url_surtkey = 'zz,none)/'").fetchall()
    host = duckdb.sql(f"select distinct url_host_name, url_host_tld, url_host_2nd_last_part, "
                      f"url_host_name_reversed from read_parquet('{table}') where url_host_name is not null order by 1").fetchall()
    if none != [(0,)] or any(name.split(".")[-1] != tld or ".".join(reversed(name.split("."))) != back
                             for name, tld, _, back in host):
        print(f"FAILED: {none} {host}")
        return 1
    others = ""
    try:
        import pyarrow.parquet

        read = pyarrow.parquet.read_table(table)
        if read.num_rows != len(wanted):
            print(f"FAILED: pyarrow reads {read.num_rows} rows, not {len(wanted)}")
            return 1
        others = f"; pyarrow: {read.num_columns} columns"
    except ImportError:
        pass
    print(f"DuckDB: {len(found)} rows{others}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
