#!/usr/bin/env python3
"""Checks an evidence bundle with nothing but openssl and Python's standard library.

    python3 check_bundle.py BUNDLE.zip          (or: python3 check.py, in an unpacked bundle)

It prints a line for each step and ends with 0 when all of them hold. Given --key KEY, the log's
verifier key must be that one; given --roots FILE.pem, time stamps must lead to a root in that file.
"""

import argparse
import base64
import calendar
import gzip
import hashlib
import io
import json
import os
import subprocess
import sys
import tempfile
import zipfile
import zlib


# Removed when the script ends.
WORK = tempfile.TemporaryDirectory()


class Failed(Exception):
    pass


def sha256(data):
    return hashlib.sha256(data).digest()


def openssl(*args):
    done = subprocess.run(["openssl", *args], capture_output=True)
    return done.returncode == 0, (done.stdout + done.stderr).decode(errors="replace").strip()


def in_files(**named):
    """Puts bytes into files of a temporary directory and gives their paths."""
    folder = tempfile.mkdtemp(dir=WORK.name)
    paths = {}
    for name, data in named.items():
        paths[name] = os.path.join(folder, name)
        with open(paths[name], "wb") as out:
            out.write(data)
    return paths


def signed(key_pem, data, signature):
    p = in_files(key=key_pem, data=data, signature=signature)
    fine, _ = openssl("pkeyutl", "-verify", "-pubin", "-inkey", p["key"], "-rawin",
                      "-in", p["data"], "-sigfile", p["signature"])
    return fine


def load(path):
    files = {}
    if os.path.isdir(path):
        for folder, _, names in os.walk(path):
            for name in names:
                full = os.path.join(folder, name)
                with open(full, "rb") as data:
                    files[os.path.relpath(full, path).replace(os.sep, "/")] = data.read()
        return files
    with zipfile.ZipFile(path) as bundle:
        for info in bundle.infolist():
            if info.filename in files:
                raise Failed(f"{info.filename} is there twice")
            files[info.filename] = bundle.read(info)
    return files


def get(files, name):
    if name not in files:
        raise Failed(f"{name} is missing")
    return files[name]


def check_files(files):
    listed = {}
    for line in get(files, "SHA256SUMS").decode().splitlines():
        digest, name = line.split("  ", 1)
        listed[name] = digest
    for name, data in files.items():
        if name in ("SHA256SUMS", "SHA256SUMS.sig"):
            continue
        if name not in listed:
            raise Failed(f"{name} is not in the list")
        if sha256(data).hex() != listed[name]:
            raise Failed(f"{name} was changed")
    for name in listed:
        get(files, name)
    return f"{len(listed)} files are as they were listed"


def check_files_signature(files):
    if "SHA256SUMS.sig" not in files:
        return None
    pem = get(files, "keys/manifest-key.pem")
    if not signed(pem, get(files, "SHA256SUMS"), files["SHA256SUMS.sig"]):
        raise Failed("the signature over SHA256SUMS does not hold")
    return "the list is signed"


def members(files):
    """The records: raw bytes of each, unpacked, with the place of its member."""
    bundle = json.loads(get(files, "bundle.json"))
    name = bundle["warc"]
    data = get(files, name)
    if name.endswith(".zst"):
        raise Failed("zstd is not in Python's standard library: unpack with zstd -d and check by hand")
    for record in bundle["records"]:
        member = data[record["offset"]:record["offset"] + record["length"]]
        if sha256(member).hex() != record["sha256"]:
            raise Failed(f"record {record['number']} is not as it was listed")
        if name.endswith(".gz"):
            unpack = zlib.decompressobj(31)
            raw = unpack.decompress(member) + unpack.flush()
            if not unpack.eof or unpack.unused_data:
                raise Failed(f"record {record['number']} is not one gzip member")
        else:
            raw = member
        yield record, raw
    total = sum(record["length"] for record in bundle["records"])
    if total != len(data):
        raise Failed(f"{name} holds more than the records that are listed")
    if name.endswith(".gz"):
        with gzip.open(io.BytesIO(data)) as whole:
            while whole.read(1 << 20):
                pass


def fields_of(header):
    lines = header.decode("utf-8", errors="surrogateescape").split("\r\n")
    if not lines[0].startswith("WARC/"):
        raise Failed("a record does not begin with WARC/")
    fields = {}
    for line in lines[1:]:
        if line:
            name, value = line.split(":", 1)
            fields.setdefault(name.lower(), value.strip())
    return fields


def plain(value):
    if value is None:
        return "-"
    data = value.encode("utf-8", errors="surrogateescape").strip(b" \t\r\n\x0c")
    return "".join(chr(b) if 0x20 <= b <= 0x7E else f"%{b:02X}" for b in data) or "-"


def split(raw):
    end = raw.index(b"\r\n\r\n") + 4
    header = raw[:end]
    fields = fields_of(header)
    length = int(fields["content-length"])
    block = raw[end:end + length]
    if len(block) != length or raw[end + length:] != b"\r\n\r\n":
        raise Failed("a record is not as long as it says")
    return header, fields, block


def check_records(files):
    count = 0
    for record, raw in members(files):
        _, fields, block = split(raw)
        stated = fields.get("warc-block-digest")
        if stated is not None:
            algorithm, value = stated.split(":", 1)
            digest = hashlib.new(algorithm, block)
            forms = (digest.hexdigest(), base64.b32encode(digest.digest()).decode())
            if value not in forms:
                raise Failed(f"the block of record {record['number']} was changed")
        count += 1
    return f"{count} records are whole and have the digests that they state"


def check_leaves(files):
    count = 0
    for record, raw in members(files):
        header, fields, block = split(raw)
        stated = fields.get("warc-block-digest")
        digest = plain(stated) if stated is not None else "sha256:" + sha256(block).hex()
        leaf = (
            "pressmark/leaf/1 record\n"
            f"id {plain(fields.get('warc-record-id'))}\n"
            f"type {plain(fields.get('warc-type'))}\n"
            f"uri {plain(fields.get('warc-target-uri'))}\n"
            f"date {plain(fields.get('warc-date'))}\n"
            f"block {digest}\n"
            f"payload {plain(fields.get('warc-payload-digest'))}\n"
            f"header sha256:{sha256(header).hex()}\n"
        )
        name = f"leaves/{record['number']:02}.txt"
        if get(files, name) != leaf.encode():
            raise Failed(f"{name} is not the leaf of record {record['number']}")
        count += 1
    return f"{count} leaves follow from the records"


def root_from(leaf_hash, index, size, proof):
    """RFC 9162, section 2.1.3.2."""
    fn, sn, reached = index, size - 1, leaf_hash
    for other in proof:
        if sn == 0:
            raise Failed("a proof is too long")
        if fn & 1 or fn == sn:
            reached = sha256(b"\x01" + other + reached)
            if not fn & 1:
                while fn and not fn & 1:
                    fn >>= 1
                    sn >>= 1
        else:
            reached = sha256(b"\x01" + reached + other)
        fn >>= 1
        sn >>= 1
    if sn != 0:
        raise Failed("a proof is too short")
    return reached


def check_inclusion(files):
    checkpoint = get(files, "checkpoint").decode()
    _, size, root = checkpoint.splitlines()[:3]
    size, root = int(size), base64.b64decode(root)
    records = json.loads(get(files, "bundle.json"))["records"]
    for record in records:
        number = record["number"]
        entry = sha256(get(files, f"leaves/{number:02}.txt"))
        head, rest = get(files, f"proofs/{number:02}.tlog-proof").decode().split("\n\n", 1)
        lines = head.splitlines()
        if lines[0] != "c2sp.org/tlog-proof@v1" or rest != checkpoint:
            raise Failed(f"the proof of record {number} is not of this checkpoint")
        index = int(lines[1].removeprefix("index "))
        if index >= size:
            raise Failed(f"leaf {index} is not covered by the checkpoint")
        proof = [base64.b64decode(line) for line in lines[2:]]
        if root_from(sha256(b"\x00" + entry), index, size, proof) != root:
            raise Failed(f"the proof of record {number} does not lead to the checkpoint")
    return f"{len(records)} leaves are among the {size} of the checkpoint"


def check_checkpoint(files, known):
    text, signatures = get(files, "checkpoint").decode().rsplit("\n\n", 1)
    body = (text + "\n").encode()
    name, identity, data = get(files, "keys/log.vkey").decode().strip().split("+", 2)
    data = base64.b64decode(data)
    public = data[1:]
    if data[:1] != b"\x01" or sha256(name.encode() + b"\n" + data)[:4].hex() != identity:
        raise Failed("keys/log.vkey is no key")
    der = bytes.fromhex("302a300506032b6570032100") + public
    pem = "-----BEGIN PUBLIC KEY-----\n%s\n-----END PUBLIC KEY-----\n" % base64.b64encode(der).decode()
    if get(files, "keys/public-key.pem").decode() != pem:
        raise Failed("keys/public-key.pem and keys/log.vkey are not the same key")
    if text.splitlines()[0] != name:
        raise Failed("the checkpoint is of another log")
    for line in signatures.splitlines():
        signer, blob = line.removeprefix("\u2014 ").split(" ", 1)
        blob = base64.b64decode(blob)
        if signer == name and blob[:4].hex() == identity and signed(pem.encode(), body, blob[4:]):
            if known is not None and known.strip() != get(files, "keys/log.vkey").decode().strip():
                raise Failed("the key in the bundle is not the one that was given")
            return "the checkpoint is signed by the key in the bundle"
    raise Failed("the checkpoint is not signed by the key in the bundle")


def unix_time(text):
    """Of a time as openssl prints it: Nov  5 00:00:00.123 2025 GMT."""
    month, day, clock, year = text.removesuffix(" GMT").split()
    months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
    hour, minute, second = clock.split(".")[0].split(":")
    return calendar.timegm((int(year), months.index(month) + 1, int(day),
                            int(hour), int(minute), int(second)))


def check_timestamps(files, roots):
    tokens = [name for name in files if name.startswith("timestamps/") and name.endswith(".tsr")]
    times = []
    for name in sorted(tokens):
        chain = get(files, name.removesuffix(".tsr") + ".pem")
        p = in_files(data=get(files, "checkpoint"), token=files[name], chain=chain,
                     roots=roots if roots is not None else chain)
        fine, text = openssl("ts", "-reply", "-in", p["token"], "-text")
        if not fine:
            raise Failed(f"{name} is no time stamp")
        time = next(l.split(": ", 1)[1] for l in text.splitlines() if l.startswith("Time stamp: "))
        when = unix_time(time)
        fine, text = openssl("ts", "-verify", "-data", p["data"], "-in", p["token"],
                             "-CAfile", p["roots"], "-untrusted", p["chain"], "-attime", str(when))
        if not fine:
            raise Failed(f"{name}: {text}")
        times.append(time)
    return f"stamped {', '.join(times)}" if times else None


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("bundle", nargs="?", default=os.path.dirname(os.path.abspath(__file__)))
    parser.add_argument("--key")
    parser.add_argument("--roots")
    args = parser.parse_args()
    roots = open(args.roots, "rb").read() if args.roots else None
    failed = False
    try:
        files = load(args.bundle)
    except (Failed, OSError, zipfile.BadZipFile) as why:
        print(f"failed  bundle: {why}")
        return 1
    steps = [
        ("files", lambda: check_files(files)),
        ("files-signature", lambda: check_files_signature(files)),
        ("records", lambda: check_records(files)),
        ("leaves", lambda: check_leaves(files)),
        ("inclusion", lambda: check_inclusion(files)),
        ("checkpoint", lambda: check_checkpoint(files, args.key)),
        ("timestamps", lambda: check_timestamps(files, roots)),
    ]
    for name, step in steps:
        try:
            said = step()
            print(f"{'ok' if said else 'absent':7} {name}" + (f": {said}" if said else ""))
        except Exception as why:  # whatever is wrong with a bundle is its failure, not ours
            failed = True
            print(f"failed  {name}: {why}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
