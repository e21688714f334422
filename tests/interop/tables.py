"""Reads the tables of an archive with DuckDB, pyarrow and pandas, and compares them with what the command line says.

usage: tables.py TABLES ANSWERS

TABLES is a folder, or s3://BUCKET/PREFIX: there pyarrow lists and reads the files (server and keys by AWS_ENDPOINT_URL,
AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY), DuckDB reads what pyarrow opened, and pandas goes by its file system.

ANSWERS is a folder of what the command line printed as JSON lines: captures, changes, and for each page one file of
history (history-N), and of quotations and readings of the first capture of each version (quotes-N, show-N).

Ends with 1 when they disagree, with 77 when a reader is missing.
"""

import json
import os
import pathlib
import sys
from collections import Counter

MISSING = 77

try:
    import duckdb
    import pandas
    import pyarrow.dataset
    import pyarrow.fs
except ImportError as why:
    print(f"skipped: {why}")
    sys.exit(MISSING)


def answers(folder, name):
    for file in sorted(pathlib.Path(folder).glob(f"{name}*")):
        for line in open(file, encoding="utf-8"):
            yield json.loads(line)


NAMES = ["captures", "versions", "changes", "quotations", "figures"]


class Tables:
    """The tables below a folder or a prefix, as each of the readers has them."""

    def __init__(self, place):
        self.files, self.place = None, place
        if place.startswith("s3://"):
            scheme, _, host = os.environ["AWS_ENDPOINT_URL"].partition("://")
            self.files = pyarrow.fs.S3FileSystem(
                access_key=os.environ["AWS_ACCESS_KEY_ID"], secret_key=os.environ["AWS_SECRET_ACCESS_KEY"],
                endpoint_override=host, scheme=scheme, region="us-east-1")
            self.place = place.removeprefix("s3://")
        self.duckdb = duckdb.connect()
        if self.files:
            for name in NAMES:
                self.duckdb.register(name, self.dataset(name))

    def listed(self, name):
        """The files of a table in an object storage. Listed, since a server need not know a folder by its name."""
        there = self.files.get_file_info(pyarrow.fs.FileSelector(f"{self.place}/{name}", recursive=True))
        return sorted(info.path for info in there if info.path.endswith(".parquet"))

    def dataset(self, name):
        source = self.listed(name) if self.files else f"{self.place}/{name}"
        base = f"{self.place}/{name}" if self.files else None
        return pyarrow.dataset.dataset(source, filesystem=self.files, partitioning="hive", format="parquet",
                                       partition_base_dir=base)

    def pandas(self, name):
        if not self.files:
            return pandas.read_parquet(f"{self.place}/{name}")
        return pandas.concat([pandas.read_parquet(path, filesystem=self.files) for path in self.listed(name)])

    def sql(self, query):
        for name in NAMES:
            if self.files:
                query = query.replace(f"@{name}", name)
            elif list(pathlib.Path(self.place, name).glob("*/*.parquet")):
                files = f"read_parquet('{self.place}/{name}/*/*.parquet', hive_partitioning = true)"
                query = query.replace(f"@{name}", files)
        return self.duckdb.sql(query).fetchall()


STAMP = "strftime({} at time zone 'UTC', '%Y%m%d%H%M%S')"


def same(what, found, wanted):
    found, wanted = Counter(map(repr, found)), Counter(map(repr, wanted))
    if found != wanted or not wanted:
        print(f"FAILED: {what}: {list((found - wanted).items())[:3]} are not {list((wanted - found).items())[:3]}"
              f" ({found.total()} rows, {wanted.total()} wanted)")
        sys.exit(1)
    print(f"{what}: {wanted.total()} rows agree")


def record_id(capture):
    return capture["record_id"] if capture else None


def main():
    place, folder = sys.argv[1:]
    tables = Tables(place)
    stamp = STAMP.format
    same("captures", tables.sql(f"""
        select url_surtkey, {stamp('fetch_time')}, url, warc_filename, warc_record_offset, warc_record_id, month
        from @captures where url not like 'dns:%'"""),
         [(c["urlkey"], c["timestamp"], c["url"], c["filename"], int(c["offset"]), c["record_id"],
           f"{c['timestamp'][:4]}-{c['timestamp'][4:6]}") for c in answers(folder, "captures")])
    pages = list(answers(folder, "history"))
    versions = [(page["url"], number, version) for page in pages
                for number, version in enumerate(page["versions"], 1)]
    same("versions", tables.sql(f"""
        select version, {stamp('first_seen')}, {stamp('last_seen')}, captures, presence, headline, stealth, changes,
               warc_record_id, compared_warc_record_id, warc_filename, warc_record_offset
        from @versions"""),
         [(number, v["capture"]["timestamp"], stamp14(v["last_seen"]), v["captures"], v["presence"], v["headline"],
           v["stealth"], len(v["changes"]), record_id(v["capture"]), record_id(v["compared_with"]),
           v["capture"]["filename"], int(v["capture"]["offset"])) for _, number, v in versions])
    same("changes", tables.sql(f"""
        select url, {stamp('first_seen')}, number, kind, before, after, speaker, about, notation, weight, stealth,
               old_start, old_end, new_start, new_end, headline, {stamp('compared_first_seen')}
        from @changes"""),
         [(c["url"], c["timestamp"], c["number"], c["kind"], c["before"], c["after"], c["speaker"], c["about"],
           c["notation"], c["weight"], c["stealth"], *(c["old_range"] or (None, None)),
           *(c["new_range"] or (None, None)), c["headline"], c["before_timestamp"])
          for c in answers(folder, "changes")])
    same("quotations", tables.sql(f"""
        select url, {stamp('first_seen')}, text, speaker, named, cue, kind, text_start, text_end from @quotations"""),
         [(q["url"], q["timestamp"], q["text"], q["speaker"], q["named"], q["cue"], q["kind"], q["start"], q["end"])
          for q in answers(folder, "quotes")])
    figures = [(page["url"], page["timestamp"], f) for page in answers(folder, "show") for f in page["figures"]]
    same("figures", tables.sql(f"""
        select url, {stamp('first_seen')}, text, value, unit, hedge, counts, text_start, text_end from @figures"""),
         [(url, at, f["text"], f["value"], f["unit"], f["hedge"], f["counts"], f["start"], f["end"])
          for url, at, f in figures])
    same("figures as numbers", tables.sql("select value, value_number from @figures where value_number is not null"),
         [(f["value"], float(f["value"])) for _, _, f in figures if f["value"] and is_number(f["value"])])

    # The query of the guide: every figure changed silently, by outlet.
    same("figures changed silently", tables.sql("""
        select url_host_name, count(*) from @changes
        where kind = 'figure-changed' and stealth and month between '2025-01' and '2099-12' group by all"""),
         Counter(c["url"].split("/")[2] for c in answers(folder, "changes")
                 if c["kind"] == "figure-changed" and c["stealth"]).items())

    # The others: partitions by folder, the same counts, and a column of each kind.
    for name in NAMES:
        count = tables.sql(f"select count(*) from @{name}")[0][0]
        read, dataset = tables.pandas(name), tables.dataset(name)
        if len(read) != count or dataset.count_rows() != count or "month" not in dataset.schema.names:
            print(f"FAILED: {name}: pandas reads {len(read)} rows, pyarrow {dataset.count_rows()}, DuckDB {count}")
            return 1
    frame = tables.pandas("changes")
    told = sorted((c["url"], c["number"], c["kind"], c["stealth"]) for c in answers(folder, "changes"))
    if sorted(frame[["url", "number", "kind", "stealth"]].itertuples(index=False, name=None)) != told:
        print("FAILED: pandas reads other changes")
        return 1
    silent = frame[frame["stealth"] & (frame["kind"] == "figure-changed")]
    print(f"pandas: {len(frame)} changes, {len(silent)} figures changed silently; pyarrow {pyarrow.__version__}")
    return 0


def is_number(text):
    try:
        float(text)
        return True
    except ValueError:
        return False


def stamp14(rfc3339):
    return "".join(c for c in rfc3339.split(".")[0].rstrip("Z") if c.isdigit())


if __name__ == "__main__":
    sys.exit(main())
