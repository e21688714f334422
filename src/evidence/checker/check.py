#!/usr/bin/env python3
"""Checks an evidence bundle, or a signed package (WACZ), with nothing but openssl and Python.

    python3 check.py BUNDLE [--key KEY] [--checkpoint FILE]... [--roots FILE.pem] [--policy FILE]
                     [--drand FILE] [--bitcoin-headers FILE] [--relay KEY]... [--tls-roots FILE.pem]

BUNDLE is the zip, or the folder that it was unpacked into; without it, the folder of this file. It
prints a line for each step, "ok", "absent" or "failed", and ends with 0 when none failed.

--key         a key of the log as `pressmark evidence keys` prints it, or a file with it (its last line)
--checkpoint  a checkpoint that somebody kept: the log must begin with it
--roots       time stamps must lead to one of these root certificates
--policy      whose cosignatures count, and how many are wanted (c2sp.org/tlog-policy)
--drand       the description of a drand chain that is known beside quicknet and default (GET /HASH/info)
--bitcoin-headers  headers of Bitcoin blocks, a height, a blank and 80 bytes in hexadecimal a line
--relay       the key of a relay that attested the session, as `pressmark relay --key` prints it
--tls-roots   the server of an attested session must lead to one of these root certificates

Two kinds of signatures are none that every openssl knows, and are left unchecked, with a word, where
nothing here checks them: rounds of drand (BLS12-381) take the package py_ecc, cosignatures with
ML-DSA-44 openssl 3.5 or the package cryptography.

Without --key and --checkpoint everything may agree and still be made up. Take this file from where
the program is published (`pressmark evidence checker` prints it), not from the bundle that you
doubt: anyone who forged that would have forged its check.py, too.
"""

import argparse
import base64
import binascii
import calendar
import functools
import gzip
import hashlib
import hmac
import io
import json
import os
import re
import shutil
import stat
import struct
import subprocess
import sys
import tempfile
import time
import urllib.parse
import zlib
from fractions import Fraction

FORMAT = "pressmark/bundle/2"
OLD_FORMAT = "pressmark/bundle/1"
# So many bytes may be unpacked in all, whatever a zip claims.
TEXT_BYTES_MAX = 64 << 20
JSON_BYTES_MAX = 4 << 20
FILES_MAX = 10_000
# More leaves than this no log has, and no proof is longer.
LEAVES_MAX = 1 << 62
HASHES_MAX = 64
EARLIER_MAX = 10_000
HEADER_BYTES_MAX = 256 * 1024
BLANKS = b" \t\n\x0c\r"
PIECE = 1 << 20

# Removed when the script ends.
WORK = tempfile.TemporaryDirectory()


class Failed(Exception):
    pass


class Absent(Exception):
    pass


def sha256(data):
    return hashlib.sha256(data).digest()


def unbase64(text):
    """Strictly: a text that another one decodes like is none."""
    data = text.encode() if isinstance(text, str) else text
    try:
        raw = base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        raise Failed("something is no base64") from None
    if base64.b64encode(raw) != data:
        raise Failed("something is no base64 as it is written")
    return raw


# --- openssl -----------------------------------------------------------------------------------


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


def pem_of(public):
    der = bytes.fromhex("302a300506032b6570032100") + public
    return "-----BEGIN PUBLIC KEY-----\n%s\n-----END PUBLIC KEY-----\n" % base64.b64encode(der).decode()


@functools.lru_cache(maxsize=None)
def signed(public, data, signature):
    """Whether an Ed25519 key signed bytes."""
    p = in_files(key=pem_of(public).encode(), data=data, signature=signature)
    fine, _ = openssl("pkeyutl", "-verify", "-pubin", "-inkey", p["key"], "-rawin",
                      "-in", p["data"], "-sigfile", p["signature"])
    return fine


# --- files -------------------------------------------------------------------------------------

NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")
REPACKED = "; if another program packed the files again, unpack them into an empty folder and check that"


def is_name(name):
    return len(name) <= 200 and NAME.fullmatch(name) is not None


def load(path):
    if os.path.isdir(path):
        return load_folder(path)
    with open(path, "rb") as file:
        return load_zip(file, os.fstat(file.fileno()).st_size)


def load_folder(root):
    files = {}
    for dirpath, folders, names in os.walk(root):
        for name in folders + names:
            full = os.path.join(dirpath, name)
            below = os.path.relpath(full, root).replace(os.sep, "/")
            mode = os.lstat(full).st_mode
            if name in folders and stat.S_ISDIR(mode) and "/" not in below:
                continue
            if not stat.S_ISREG(mode) or not is_name(below) or len(files) >= FILES_MAX:
                raise Failed(f"{below!a} is no file of a bundle")
            with open(full, "rb") as data:
                files[below] = data.read()
    return files


def load_zip(file, length):
    """The files of a zip, which is read as strictly as it is written: entry after entry from the
    first byte, each as the directory says, then the directory, then its end. Anything else is read
    as other files by some program."""
    def read(at, count):
        if at + count > length:
            raise Failed("it ends before what its directory names")
        file.seek(at)
        return file.read(count)

    if length < 22:
        raise Failed("it is no zip: it is too short")
    end = read(length - 22, 22)
    sign, disks, here, count, size, at, comment = struct.unpack("<4sIHHIIH", end)
    if sign != b"PK\x05\x06":
        raise Failed(f"it is no zip that ends with its directory{REPACKED}")
    if disks or here != count or comment or at + size + 22 != length:
        raise Failed(f"its directory is not where it was written{REPACKED}")
    if count > FILES_MAX:
        raise Failed("it holds more files than a bundle does")
    directory, entries, lower, place = read(at, size), [], set(), 0
    for _ in range(count):
        head = directory[place:place + 46]
        if len(head) < 46:
            raise Failed("its directory is cut")
        (sign, made, _, flags, method, _, _, crc, packed, unpacked, name_len, extra, comment, disk,
         _, attributes, offset) = struct.unpack("<4sHHHHHHIIIHHHHHII", head)
        name = directory[place + 46:place + 46 + name_len]
        if sign != b"PK\x01\x02" or len(name) < name_len:
            raise Failed("its directory is damaged")
        text = name.decode("ascii", errors="replace")
        if not is_name(text):
            raise Failed(f"{text!a} is no name of a file in a bundle{REPACKED}")
        if text.lower() in lower:
            raise Failed(f"{text} is there twice")
        lower.add(text.lower())
        mode = (attributes >> 16) & 0o170000
        if flags & ~0x0800 or extra or comment or disk or mode not in (0, 0o100000) or attributes & 0x10:
            raise Failed(f"{text} is no plain file{REPACKED}")
        entries.append((text, name, flags, method, crc, packed, unpacked, offset))
        place += 46 + name_len
    if place != len(directory):
        raise Failed(f"its directory holds more than it says{REPACKED}")
    files, position, left = {}, 0, TEXT_BYTES_MAX
    for text, name, flags, method, crc, packed, unpacked, offset in entries:
        if offset != position:
            raise Failed(f"{text} does not follow on the file before it{REPACKED}")
        local = read(offset, 30 + len(name))
        same = struct.pack("<H", flags) + struct.pack("<H", method)
        lengths = struct.pack("<IIIHH", crc, packed, unpacked, len(name), 0)
        if local[:4] != b"PK\x03\x04" or local[6:10] != same or local[14:30] != lengths or local[30:] != name:
            raise Failed(f"{text} is said to be something else in the directory{REPACKED}")
        data = read(offset + len(local), packed)
        if method == 8:
            left -= unpacked
            if left < 0:
                raise Failed(f"{text} claims {unpacked} bytes; the texts of a bundle have {TEXT_BYTES_MAX} at most")
            inflate = zlib.decompressobj(-15)
            try:
                data = inflate.decompress(data, unpacked + 1)
            except zlib.error as why:
                raise Failed(f"{text}: {why}") from None
            if len(data) != unpacked or not inflate.eof or inflate.unused_data:
                raise Failed(f"{text} does not unpack to the {unpacked} bytes that the zip states")
        elif method != 0 or packed != unpacked:
            raise Failed(f"{text} is not packed as files of a bundle are")
        if zlib.crc32(data) != crc:
            raise Failed(f"{text} does not have the checksum that the zip states")
        files[text] = data
        position += len(local) + packed
    if position != at:
        raise Failed(f"there are bytes between its files and its directory{REPACKED}")
    return files


def get(files, name):
    if name not in files:
        raise Failed(f"{name} is missing")
    return files[name]


def text_of(files, name):
    try:
        return get(files, name).decode()
    except UnicodeDecodeError:
        raise Failed(f"{name} is no UTF-8") from None


def json_of(files, name):
    """A value as JSON has it, in which no field stands twice."""
    length = len(get(files, name))
    if length > JSON_BYTES_MAX:
        raise Failed(f"{name} is {length} bytes long; it may have {JSON_BYTES_MAX}")
    return json.loads(text_of(files, name), object_pairs_hook=no_doubles)


# --- bundle.json -------------------------------------------------------------------------------

INT, STR, LIST = int, str, list
MAYBE_INT, MAYBE_STR = (int, type(None)), (str, type(None))
CHECKPOINT = {"origin": STR, "size": INT, "root": STR, "time": MAYBE_STR, "key": INT}
SHAPE = {"format": STR, "url": STR, "date": STR, "made": STR, "software": STR, "extractor": STR,
         "warc": STR, "records": LIST, "checkpoint": dict, "newest": dict, "keys": LIST,
         "timestamps": LIST}
RECORD = {"number": INT, "role": STR, "type": STR, "uri": STR, "date": STR, "record_id": STR,
          "leaf": INT, "offset": MAYBE_INT, "length": MAYBE_INT, "sha256": MAYBE_STR,
          "archive_file": STR, "archive_offset": INT}
KEY = {"number": INT, "leaf": INT, "key": STR}
STAMP = {"authority": STR, "time": STR, "serial": STR, "signer": STR}


def no_doubles(pairs):
    values = dict(pairs)
    if len(values) != len(pairs):
        raise Failed("a field stands twice")
    return values


def fits(value, shape, where, optional=()):
    if not isinstance(value, dict):
        raise Failed(f"{where} is no object")
    for name, kind in shape.items():
        if name not in value:
            raise Failed(f"{where}: {name} is missing")
        if not isinstance(value[name], kind) or isinstance(value[name], bool):
            raise Failed(f"{where}: {name} is not of its kind")
        if isinstance(value[name], int) and not 0 <= value[name] < 1 << 64:
            raise Failed(f"{where}: {name} is no number of a bundle")
    for name in value:
        if name not in shape and name not in optional:
            raise Failed(f"{where}: unknown field {name!a}")


def describe(files, name):
    said = json_of(files, name)
    known = said.get("format") if isinstance(said, dict) else None
    if known == OLD_FORMAT:
        raise Failed(f"a bundle of an earlier version ({OLD_FORMAT}): its list of files need not be "
                     "signed, nothing in it proves that a key is the log's, and it has no proof for "
                     "checkpoints but its own. Have it made again from the archive")
    if known != FORMAT:
        raise Failed(f"its format, {known!a}, is not known to this script, which knows {FORMAT}")
    fits(said, SHAPE, name)
    for record in said["records"]:
        fits(record, RECORD, f"{name}: a record", ("withheld",))
        if "withheld" in record and not (isinstance(record["withheld"], list) and record["withheld"]
                                         and all(isinstance(n, str) for n in record["withheld"])):
            raise Failed(f"{name}: withheld is no list of names")
    for key in said["keys"]:
        fits(key, KEY, f"{name}: a key")
    for stamp in said["timestamps"]:
        fits(stamp, STAMP, f"{name}: a time stamp")
    for one in ("checkpoint", "newest"):
        fits(said[one], CHECKPOINT, f"{name}: {one}")
    return said


def expected_files(said):
    names = {"bundle.json", "checkpoint", "log/newest", "log/consistency", said["warc"]}
    for record in said["records"]:
        n = f"{record['number']:02}"
        names |= {f"leaves/{n}.txt", f"proofs/{n}.tlog-proof", f"proofs/{n}.path"}
        if "withheld" in record:
            names |= {f"withheld/{n}.header", f"withheld/{n}.txt"}
    for key in said["keys"]:
        names |= {f"keys/{key['number']:02}.{end}" for end in ("txt", "tlog-proof", "pem")}
    for stamp in said["timestamps"]:
        names |= {f"timestamps/{stamp['authority']}.{end}" for end in ("tsr", "pem")}
    return names


# --- the list of files -------------------------------------------------------------------------

SUMS, SUMS_SIGNATURE = "SHA256SUMS", "SHA256SUMS.sig"


def check_files(files):
    listed = {}
    for line in text_of(files, SUMS).splitlines():
        digest, parted, name = line.partition("  ")
        if not parted:
            raise Failed(f"{SUMS} is not of the form")
        if name in listed:
            raise Failed(f"{name} is in the list twice")
        listed[name] = digest
    for name, data in files.items():
        if name in (SUMS, SUMS_SIGNATURE):
            continue
        if name not in listed:
            raise Failed(f"{name} is not in the list")
        if sha256(data).hex() != listed[name]:
            raise Failed(f"{name} was changed")
    for name in listed:
        get(files, name)
    return f"{len(listed)} files are as they were listed"


def check_files_signature(files, keys):
    if SUMS_SIGNATURE not in files:
        raise Failed("the list of files is not signed: anyone who changed a file could mend it")
    if not signed(keys()[-1].public, get(files, SUMS), files[SUMS_SIGNATURE]):
        raise Failed(f"the last key of the log did not sign {SUMS}")
    return "the list is signed by the last key of the log"


# --- records -----------------------------------------------------------------------------------


class Fields:
    """The fields of a record's header, their values as written: first line to empty line."""

    def __init__(self, raw):
        self.all = []
        at = raw.find(b"\n") + 1
        if not raw.startswith(b"WARC/") or not at:
            raise Failed("a record does not begin with WARC/")
        while at < len(raw):
            end = raw.find(b"\n", at) + 1 or len(raw)
            line = raw[at:end].rstrip(BLANKS)
            if raw[at:at + 1] in (b" ", b"\t"):
                if self.all and line:
                    name, start, _ = self.all[-1]
                    self.all[-1] = (name, start, at + len(line))
            elif b":" in line:
                colon = line.index(b":")
                value = line[colon + 1:]
                start = at + colon + 1 + len(value) - len(value.lstrip(BLANKS))
                self.all.append((line[:colon].rstrip(BLANKS).lower(), start, max(start, at + len(line))))
            at = end
        self.raw = raw

    def every(self, name):
        return [self.raw[a:b] for n, a, b in self.all if n == name.lower().encode()]

    def get(self, name):
        return next(iter(self.every(name)), None)

    def text(self, name):
        value = self.get(name)
        return None if value is None else " ".join(value.decode(errors="replace").split())


def plain(value):
    """A value as leaves have it."""
    data = b"" if value is None else value.strip(BLANKS)
    return "".join(chr(b) if 0x20 <= b <= 0x7E else f"%{b:02X}" for b in data) or "-"


def digest_of(stated):
    """The algorithm and the bytes of a digest as records state them."""
    label, _, value = stated.strip().partition(":")
    name = {"sha1": "sha1", "sha-1": "sha1", "sha256": "sha256", "sha-256": "sha256"}.get(label.strip().lower())
    if name is None:
        raise Failed("the digest of a record cannot be read")
    size = hashlib.new(name).digest_size
    try:
        if len(value) == 2 * size:
            raw = bytes.fromhex(value)
        else:
            bare = value.upper().rstrip("=")
            raw = base64.b32decode(bare + "=" * (-len(bare) % 8))
    except (ValueError, binascii.Error):
        raise Failed("the digest of a record cannot be read") from None
    if len(raw) != size:
        raise Failed("the digest of a record cannot be read")
    return name, raw


class Record:
    """A record: its header, what is in its block so far as it matters, and where it lies."""

    def __init__(self, header, block=None):
        self.fields, self.place, self.sha256, self.status = Fields(header), None, None, None
        self.header, self.block, self.weak = header, block, False
        stated = self.fields.get("WARC-Block-Digest")
        if stated is not None:
            try:
                self.weak = digest_of(self.fields.text("WARC-Block-Digest"))[0] == "sha1"
            except Failed:
                if block is None:
                    raise

    def leaf(self):
        value = lambda name: plain(self.fields.get(name))
        stated = self.fields.get("WARC-Block-Digest")
        block = plain(stated) if stated is not None else self.block
        return (f"pressmark/leaf/1 record\nid {value('WARC-Record-ID')}\ntype {value('WARC-Type')}\n"
                f"uri {value('WARC-Target-URI')}\ndate {value('WARC-Date')}\nblock {block}\n"
                f"payload {value('WARC-Payload-Digest')}\nheader sha256:{sha256(self.header).hex()}\n")

    def id(self):
        return self.fields.text("WARC-Record-ID")


def header_end(data):
    """Where the empty line behind a header ends."""
    ends = [at + len(mark) for mark in (b"\n\r\n", b"\n\n") for at in [data.find(mark)] if at >= 0]
    return min(ends) if ends else -1


def raw_pieces(member, name):
    """The bytes of a record, piece by piece, so that a long one takes no more memory than a short."""
    if name.endswith(".gz"):
        inflate, rest, at = zlib.decompressobj(31), b"", 0
        while not inflate.eof:
            if not rest:
                rest = member[at:at + (64 << 10)]
                at += len(rest)
                if not rest:
                    raise Failed("a record is not one whole gzip member")
            try:
                piece = inflate.decompress(rest, PIECE)
            except zlib.error as why:
                raise Failed(f"a record is no gzip member: {why}") from None
            rest = inflate.unconsumed_tail
            if piece:
                yield piece
        if inflate.unused_data or at < len(member):
            raise Failed("a record is not one gzip member")
    elif name.endswith(".zst"):
        tool = shutil.which("zstd")
        if tool is None:
            raise Failed("zstd is not in Python's standard library: install the program zstd")
        with subprocess.Popen([tool, "-dcq", in_files(member=member)["member"]],
                              stdout=subprocess.PIPE) as run:
            while piece := run.stdout.read(PIECE):
                yield piece
        if run.returncode:
            raise Failed("a record is no zstd frame")
    else:
        for at in range(0, len(member), PIECE):
            yield member[at:at + PIECE]


def read_record(member, name):
    pieces, start = raw_pieces(member, name), b""
    while (end := header_end(start)) < 0:
        piece = next(pieces, None)
        if piece is None or len(start) > HEADER_BYTES_MAX:
            raise Failed("a record has no end of its header")
        start += piece
    record = Record(start[:end])
    lengths = set(record.fields.every("Content-Length"))
    if len(lengths) != 1 or not (length := lengths.pop()).isdigit():
        raise Failed("a record does not say how long it is")
    left, stated = int(length), record.fields.text("WARC-Block-Digest")
    algorithm, expected = digest_of(stated) if stated is not None else ("sha256", None)
    digest, tail, first = hashlib.new(algorithm), b"", b""
    piece = start[end:]
    while True:
        block, over = piece[:left], piece[left:]
        first += block[:64 - len(first)]
        digest.update(block)
        left -= len(block)
        tail += over
        if len(tail) > 4:
            break
        piece = next(pieces, None)
        if piece is None:
            break
    if left or tail != b"\r\n\r\n":
        raise Failed("a record is not as long as it says")
    if expected is not None and digest.digest() != expected:
        raise Failed(f"the block of the record {record.id()!a} was changed")
    record.block = f"{algorithm}:{digest.hexdigest()}"
    words = first.split(b"\n")[0].split(b" ")
    if words[0].startswith(b"HTTP/") and len(words) > 1 and words[1].strip().isdigit():
        record.status = int(words[1])
    return record


def block_of(member, name):
    """The block of a record that was read before, so that its length is known to be what it says."""
    raw = b"".join(raw_pieces(member, name))
    return raw[header_end(raw):-4]


def read_records(files, said):
    """The records, with those that are withheld at their places."""
    name, records, position = said["warc"], [], 0
    data = get(files, name)
    if not said["records"]:
        raise Failed("there are no records")
    for entry in said["records"]:
        n = entry["number"]
        if "withheld" in entry:
            header = get(files, f"withheld/{n:02}.header")
            if header_end(header) != len(header):
                raise Failed(f"withheld/{n:02}.header is no header")
            leaf = re.search(r"^block (.*)$", text_of(files, f"leaves/{n:02}.txt"), re.M)
            record = Record(header, leaf.group(1) if leaf else "-")
            if record.fields.text("WARC-Type") != "request":
                raise Failed(f"withheld/{n:02}.header is the header of no request, and nothing else is withheld")
        else:
            offset, length = entry["offset"], entry["length"]
            if offset != position or length is None:
                raise Failed(f"record {n} is not where the one before it ends")
            member = data[offset:offset + length]
            record = read_record(member, name)
            record.place, record.sha256 = (offset, length), sha256(member).hex()
            position += length
        records.append(record)
    if position != len(data):
        raise Failed(f"{name} holds more than the records that are listed")
    return records


def check_records(records):
    records = records()
    withheld = sum(r.place is None for r in records)
    weak = sum(r.weak for r in records)
    return (f"{len(records) - withheld} records are whole and have the digests that they state"
            + (f"; {withheld} requests are withheld, whose digests are in their leaves" if withheld else "")
            + (f"; the blocks of {weak} are bound by SHA-1 alone, which anyone who made a block can make another for"
               if weak else ""))


def check_leaves(files, records):
    for n, record in enumerate(records(), 1):
        if get(files, f"leaves/{n:02}.txt") != record.leaf().encode():
            raise Failed(f"leaves/{n:02}.txt is not the leaf of record {n}")
    return f"{len(records())} leaves follow from the records"


# --- what bundle.json says ---------------------------------------------------------------------

ROLES = ("warcinfo", "capture", "exchange", "payload", "redirect", "dns", "robots", "certificates", "rendering")
RENDERED = ("urn:view:", "urn:thumbnail:", "urn:text:", "urn:pageinfo:")


def unbracketed(uri):
    return uri[1:-1] if len(uri) > 1 and uri[0] == "<" and uri[-1] == ">" else uri


def instant(text):
    """A date of a record, its fraction without zeros at the end."""
    if not text:
        return None
    whole, _, fraction = text.strip().rstrip("Zz").partition(".")
    return whole, fraction.rstrip("0")


def check_description(files, said, records, own_files):
    records = records()
    expected, chains = expected_files(said) | own_files, chain_files(files, said, records)
    for name in files:
        if name not in expected and name not in ("article.txt", "citation.txt", WITNESSED, ANCHORED, OTS) and name not in chains:
            raise Failed(f"{name} is no file of a bundle")
    for name in sorted(expected):
        get(files, name)
    for n, (entry, record) in enumerate(zip(said["records"], records), 1):
        value = lambda name: plain(record.fields.get(name))
        offset, length = record.place or (None, None)
        for what, there in [("number", n), ("type", value("WARC-Type")), ("uri", value("WARC-Target-URI")),
                            ("date", value("WARC-Date")), ("record_id", value("WARC-Record-ID")),
                            ("offset", offset), ("length", length), ("sha256", record.sha256)]:
            if entry[what] != there:
                raise Failed(f"bundle.json: {what} of record {n} is not that of the record")
    check_roles(said, records)
    return f"bundle.json says of {len(records)} records what they say"


def check_roles(said, records):
    entries = said["records"]
    having = lambda role: [at for at, entry in enumerate(entries) if entry["role"] == role]
    if len(having("capture")) != 1:
        raise Failed("bundle.json should name one record as the capture")
    capture = having("capture")[0]
    if said["url"] != unbracketed(entries[capture]["uri"]):
        raise Failed("bundle.json: url is not that of the capture")
    if said["date"] != entries[capture]["date"]:
        raise Failed("bundle.json: date is not that of the capture")

    def belongs(at, main):
        """Whether a record was written with the main one."""
        own, main = records[at], records[main]
        named = lambda record: [" ".join(v.decode(errors="replace").split())
                                for v in record.fields.every("WARC-Concurrent-To")]
        return (own.id() is not None and own.id() in named(main)) or (
            main.id() is not None and (main.id() in named(own) or own.fields.text("WARC-Refers-To") == main.id()))

    def is_referred_to(at, roles):
        own = records[at].fields
        for entry, record in zip(entries, records):
            if entry["type"] != "revisit" or entry["role"] not in roles:
                continue
            of = record.fields
            by_id = of.text("WARC-Refers-To") is not None and of.text("WARC-Refers-To") == own.text("WARC-Record-ID")
            date = instant(of.text("WARC-Refers-To-Date"))
            by_place = date is not None and date == instant(own.text("WARC-Date")) and \
                unbracketed(of.text("WARC-Refers-To-Target-URI") or "") == unbracketed(own.text("WARC-Target-URI") or "")
            stated, there = of.text("WARC-Payload-Digest"), own.text("WARC-Payload-Digest")
            by_digest = stated is not None and there is not None and digest_of(stated) == digest_of(there)
            if by_id or by_place or by_digest:
                return True
        return False

    def is_document(at):
        """Whether a record is the page as a browser had it, which names the capture."""
        id, uri = records[capture].id(), lambda at: unbracketed(entries[at]["uri"])
        return entries[at]["type"] == "conversion" and id is not None and uri(at) == uri(capture) and \
            records[at].fields.text("WARC-Refers-To") == id

    def is_rendering(at):
        """The same, or whether it was made of that page and has the same id of the page."""
        page = lambda at: records[at].fields.text("WARC-Page-ID")
        of = unbracketed(entries[capture]["uri"])
        is_made = entries[at]["type"] == "resource" and page(at) is not None and \
            unbracketed(entries[at]["uri"]) in [prefix + of for prefix in RENDERED]
        return is_document(at) or is_made and any(
            is_document(one) and page(one) == page(at) for one in range(len(records)))

    redirects = lambda at: records[at].status is not None and 300 <= records[at].status < 400

    def is_certificates(at):
        """Whether it is the record of certificates that the capture names, and holds what its URI says."""
        own, named = records[at].fields, records[capture].fields.text("WARC-Server-Certificates")
        digest, stated = named and named.removeprefix("urn:tls-certificates:"), own.text("WARC-Block-Digest")
        return named is not None and named == own.text("WARC-Target-URI") and named != digest \
            and stated is not None and digest_of(digest) == digest_of(stated)

    def is_itself(at, role):
        uri = unbracketed(entries[at]["uri"])
        if entries[at]["type"] == "request":
            return False
        return {"payload": lambda: is_referred_to(at, ("capture", "redirect")),
                "dns": lambda: uri.startswith("dns:"),
                "certificates": lambda: is_certificates(at),
                "robots": lambda: uri.endswith("/robots.txt") or is_referred_to(at, ("robots",)),
                "redirect": lambda: redirects(at) or redirects(capture),
                "rendering": lambda: is_rendering(at)}[role]()

    for at, entry in enumerate(entries):
        role, is_warcinfo = entry["role"], entry["type"] == "warcinfo"
        if role not in ROLES:
            fine = False
        elif is_warcinfo or role == "warcinfo":
            fine = is_warcinfo and role == "warcinfo"
        elif role == "capture":
            fine = "withheld" not in entry and entry["type"] != "request"
        elif role == "exchange":
            fine = belongs(at, capture)
        else:
            fine = is_itself(at, role) or any(is_itself(m, role) and belongs(at, m) for m in having(role))
        if not fine:
            raise Failed(f"bundle.json: role of record {entry['number']} is not that of the record")


# --- the log -----------------------------------------------------------------------------------


class Key:
    """A key as c2sp.org/signed-note writes it: NAME+ID+BASE64."""

    def __init__(self, text):
        name, _, rest = text.strip().partition("+")
        identity, _, data = rest.partition("+")
        data = unbase64(data)
        if (not re.fullmatch(r"[^\s+]+", name) or len(data) != 33 or data[:1] != b"\x01"
                or sha256(name.encode() + b"\n" + data)[:4].hex() != identity):
            raise Failed("a text is no key")
        self.text, self.name, self.public, self.id = text.strip(), name, data[1:], bytes.fromhex(identity)
        self.index, self.handed_over = 0, False


def number(text):
    if not re.fullmatch(r"0|[1-9][0-9]{0,19}", text) or int(text) >= 1 << 64:
        raise Failed("a number is not written as numbers are")
    return int(text)


def one_hash(text):
    data = unbase64(text)
    if len(data) != 32:
        raise Failed("a hash is not 32 bytes long")
    return data


class Checkpoint:
    """A signed note over a tree (c2sp.org/tlog-checkpoint)."""

    def __init__(self, text, name):
        body, parted, signatures = text.rpartition("\n\n")
        lines = body.split("\n")
        if not parted or len(lines) < 3 or not signatures.endswith("\n") or "" in lines:
            raise Failed(f"{name} is no checkpoint")
        self.text, self.body = text, (body + "\n").encode()
        self.origin, self.size, self.root = lines[0], number(lines[1]), one_hash(lines[2])
        extra = dict(reversed([line.split(" ", 1) for line in lines[3:] if " " in line]))
        self.time, self.round = extra.get("time"), Round.parse(extra.get("drand"))
        self.signatures = []
        for line in signatures[:-1].split("\n"):
            signer = re.fullmatch("\u2014 ([^\\s+]+) (\\S+)", line)
            if signer is None or len(data := unbase64(signer.group(2))) < 4:
                raise Failed(f"{name} has a signature that is none")
            self.signatures.append((signer.group(1), data[:4], data[4:]))
        if self.size > LEAVES_MAX:
            raise Failed(f"{name} claims more leaves than a log has")

    def signed_by(self, key):
        return self.origin == key.name and any(
            name == key.name and identity == key.id and signed(key.public, self.body, signature)
            for name, identity, signature in self.signatures)


def leaf_hash(text):
    return sha256(b"\x00" + sha256(text.encode()))


def node(left, right):
    return sha256(b"\x01" + left + right)


def root_from(reached, index, size, proof):
    """RFC 9162, section 2.1.3.2."""
    fn, sn = index, size - 1
    for other in proof:
        if sn == 0:
            raise Failed("a proof is too long")
        if fn & 1 or fn == sn:
            reached = node(other, reached)
            while fn and not fn & 1:
                fn >>= 1
                sn >>= 1
        else:
            reached = node(reached, other)
        fn >>= 1
        sn >>= 1
    if sn != 0:
        raise Failed("a proof is too short")
    return reached


def begins_with(old_size, old_root, proof, size, root):
    """RFC 9162, section 2.1.4.2: whether one tree is the beginning of another."""
    if not 1 <= old_size <= size:
        return False
    if old_size == size:
        return not proof and old_root == root
    path = list(proof)
    if old_size & (old_size - 1) == 0:
        path.insert(0, old_root)
    if not path:
        return False
    fn, sn = old_size - 1, size - 1
    while fn & 1:
        fn >>= 1
        sn >>= 1
    old = new = path[0]
    for other in path[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            old, new = node(other, old), node(other, new)
            while fn and not fn & 1:
                fn >>= 1
                sn >>= 1
        else:
            new = node(new, other)
        fn >>= 1
        sn >>= 1
    return sn == 0 and old == old_root and new == root


def included(files, proof_name, leaf, checkpoint, name):
    """The index of a leaf that a proof (c2sp.org/tlog-proof) leads from to a checkpoint; its hashes."""
    head, parted, rest = text_of(files, proof_name).partition("\n\n")
    lines = head.split("\n")
    if not parted or lines[0] != "c2sp.org/tlog-proof@v1" or not lines[1:] or not lines[1].startswith("index "):
        raise Failed(f"{proof_name} is not of the form")
    if rest != checkpoint.text:
        raise Failed(f"{proof_name} leads to another checkpoint than {name}")
    index, hashes = number(lines[1][len("index "):]), [one_hash(line) for line in lines[2:]]
    if index >= checkpoint.size or len(hashes) > HASHES_MAX or \
            root_from(leaf_hash(leaf), index, checkpoint.size, hashes) != checkpoint.root:
        raise Failed(f"{proof_name} does not lead from its leaf to the checkpoint")
    return index, hashes


def sides(index, size):
    low, high, out = 0, size, []
    while high - low > 1:
        half = 1 << ((high - low - 1).bit_length() - 1)
        if index < low + half:
            out.append("right")
            high = low + half
        else:
            out.append("left")
            low += half
    return out[::-1]


KEY_LEAF = re.compile(r"pressmark/leaf/1 key\norigin (.*)\nkey (.*)\nbefore (.*)\nsignature (.*)\n")


def read_keys(files, said, newest):
    """The keys: each is named by a leaf that the newest checkpoint covers, and replaces the one before."""
    newest, keys = newest(), []
    for n, entry in enumerate(said["keys"], 1):
        name = f"keys/{n:02}.txt"
        text = text_of(files, name)
        leaf = KEY_LEAF.fullmatch(text)
        if leaf is None:
            raise Failed(f"{name} is no leaf that names a key")
        origin, written, before, signature = leaf.groups()
        key = Key(written)
        if key.text != written or key.name != origin or origin != newest.origin:
            raise Failed(f"{name} names no key of this log")
        key.index, _ = included(files, f"keys/{n:02}.tlog-proof", text, newest, "log/newest")
        if text_of(files, f"keys/{n:02}.pem") != pem_of(key.public):
            raise Failed(f"keys/{n:02}.pem is not the key that {name} names")
        if entry != {"number": n, "leaf": key.index, "key": written}:
            raise Failed(f"bundle.json says something else of the key in {name}")
        last = keys[-1] if keys else None
        follows = key.index == 0 if last is None else last.index < key.index
        if not follows or before != ("-" if last is None else last.text):
            raise Failed(f"the key in {name} does not follow on the one before it")
        if signature != "-":
            change = f"pressmark/key-change/1\norigin {origin}\nbefore {before}\nkey {written}\n".encode()
            if last is None or not signed(last.public, change, unbase64(signature)):
                raise Failed(f"the key before did not sign for the one in {name}")
            key.handed_over = True
        keys.append(key)
    if not keys:
        raise Failed("no key of the log is there")
    return keys


def check_keys(keys):
    lost = sum(not key.handed_over for key in keys()[1:])
    return f"{len(keys())} keys are named by leaves of the log; " + (
        f"{lost} of them began where the one before was lost, without its word" if lost else "each signed for the next")


def check_inclusion(files, said, checkpoint):
    checkpoint = checkpoint()
    for n, record in enumerate(said["records"], 1):
        index, hashes = included(files, f"proofs/{n:02}.tlog-proof", text_of(files, f"leaves/{n:02}.txt"),
                                 checkpoint, "checkpoint")
        if record["leaf"] != index:
            raise Failed(f"bundle.json: leaf of record {n} is not that of its proof")
        path = "".join(f"{side} {base64.b64encode(other).decode()}\n"
                       for side, other in zip(sides(index, checkpoint.size), hashes))
        if text_of(files, f"proofs/{n:02}.path") != path:
            raise Failed(f"proofs/{n:02}.path is not the same proof")
    return f"{len(said['records'])} leaves are among the {checkpoint.size} of the checkpoint"


def key_number(keys, size):
    return sum(key.index < size for key in keys)


def check_signed(checkpoint, described, keys, name):
    if described != {"origin": checkpoint.origin, "size": checkpoint.size,
                     "root": base64.b64encode(checkpoint.root).decode(), "time": checkpoint.time,
                     "key": key_number(keys, checkpoint.size)}:
        raise Failed(f"bundle.json says something else of {name}")
    if not key_number(keys, checkpoint.size) or \
            not checkpoint.signed_by(keys[key_number(keys, checkpoint.size) - 1]):
        raise Failed(f"{name} is not signed by the key of the log at its time")


def check_checkpoint(said, checkpoint, keys):
    check_signed(checkpoint(), said["checkpoint"], keys(), "checkpoint")
    return f"the checkpoint is signed by {keys()[key_number(keys(), checkpoint().size) - 1].text}"


def read_consistency(files):
    """Sizes, roots and proofs of the trees that the newest begins with."""
    text = text_of(files, "log/consistency")
    head, *paragraphs = text.removesuffix("\n").split("\n\n")
    if text == "pressmark/consistency/1\n":
        return {}
    if not text.endswith("\n") or head != "pressmark/consistency/1" or not 1 <= len(paragraphs) <= EARLIER_MAX:
        raise Failed("log/consistency is not of the form")
    earlier, last = {}, 0
    for paragraph in paragraphs:
        first, *hashes = paragraph.split("\n")
        old = re.fullmatch(r"old (\S+) (\S+)", first)
        if old is None or len(hashes) > HASHES_MAX or number(old.group(1)) <= last:
            raise Failed("log/consistency is not of the form")
        last = number(old.group(1))
        earlier[last] = (one_hash(old.group(2)), [one_hash(line) for line in hashes])
    return earlier


def roots_of(newest, earlier):
    """The roots of the log by size, each proved to be the beginning of the newest."""
    roots = {newest.size: newest.root}
    for size, (root, proof) in earlier.items():
        if not begins_with(size, root, proof, newest.size, newest.root):
            raise Failed(f"the newest checkpoint does not begin with the {size} leaves that log/consistency says")
        roots.setdefault(size, root)
    return roots


def check_consistency(files, said, newest, checkpoint, keys):
    check_signed(newest(), said["newest"], keys(), "log/newest")
    roots = roots_of(newest(), read_consistency(files))
    root = roots.get(checkpoint().size)
    if root is None:
        raise Failed("nothing proves that the newest checkpoint begins with this one")
    if root != checkpoint().root:
        raise Failed("the newest checkpoint does not begin with this one")
    others = set(roots) - {newest().size, checkpoint().size}
    return f"the newest checkpoint, over {newest().size} leaves, begins with this one and {len(others)} others"


def read_kept(name, data):
    """A checkpoint that was kept, as mail and paper leave it."""
    text = data.decode(errors="replace").replace("\r\n", "\n").removeprefix("\ufeff").rstrip() + "\n"
    try:
        return Checkpoint(text, name)
    except Failed as why:
        raise Failed(f"{name}: this is no checkpoint as it was signed: {why}; was it mistyped or cut?") from None


def signer_of(name, checkpoint, keys):
    for key in keys:
        if checkpoint.signed_by(key):
            return key
    identities = {identity for _, identity, _ in checkpoint.signatures}
    if any(key.id in identities for key in keys):
        raise Failed(f"{name}: its text does not fit its signature: it was mistyped, or changed since it was signed")
    if checkpoint.origin != keys[0].name:
        raise Failed(f"{name}: it is of the log {checkpoint.origin!a}, and this one is {keys[0].name}")
    raise Failed(f"{name}: it is signed by a key that this log never had: the log was made anew, "
                 "or its signature was mistyped")


def unbroken(keys, at):
    return all(key.handed_over for key in keys[at + 1:])


def check_key(keys, known):
    keys, lost = keys(), ("the log's key was lost and replaced without its word: the maker of this bundle may "
                          "be somebody else; give the key that is in force now")
    if known.key is not None:
        at = next((at for at, key in enumerate(keys) if key.text == known.key), None)
        if at is None:
            raise Failed("the key that was given is none of this log's keys")
        if not unbroken(keys, at):
            raise Failed(f"after the key that was given, {lost}")
        return "everything is signed by the key that was given, or one that it handed over to"
    broken = False
    for name, data in known.kept:
        try:
            at = keys.index(signer_of(name, read_kept(name, data), keys))
        except Failed:
            continue
        if unbroken(keys, at):
            return f"everything is signed by the key of {name}, or one that it handed over to"
        broken = True
    if broken:
        raise Failed(f"after the checkpoint that was given, {lost}")
    if known.kept:
        raise Failed("no checkpoint that was given is signed by a key of this log")
    raise Absent("neither a key nor a checkpoint was given: everything may agree and be made up. Compare the key "
                 f"{keys[-1].text} with what the archive's operator publishes")


def check_published(files, keys, newest, known):
    if not known.kept:
        raise Absent("no checkpoint that was kept was given to compare with")
    keys, newest = keys(), newest()
    for name, data in known.kept:
        kept = read_kept(name, data)
        signer_of(name, kept, keys)
        at = key_number(keys, kept.size)
        if not at or not kept.signed_by(keys[at - 1]):
            raise Failed(f"{name} is not signed by the key of the log at its time")
        if kept.size > newest.size:
            raise Failed(f"{name} is over {kept.size} leaves, and the log had {newest.size} when this bundle was made: "
                         "nothing in it leads there; have the bundle made again")
        root = roots_of(newest, read_consistency(files)).get(kept.size)
        if root is None:
            raise Failed(f"this bundle has no proof for {name}, over {kept.size} leaves; "
                         f"`pressmark prove --checkpoint {name}` makes one that has")
        if root != kept.root:
            raise Failed(f"{name} and this bundle are of two histories of one log: one of them was forged, "
                         "or the log was made anew")
    return f"the log of this bundle begins with what was given ({len(known.kept)})"


# --- time stamps -------------------------------------------------------------------------------


def unix_time(text):
    """Of a time as openssl prints it: Nov  5 00:00:00.123 2025 GMT; with its part of a second."""
    month, day, clock, year = text.removesuffix(" GMT").split()
    months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
    whole, _, part = clock.partition(".")
    hour, minute, second = whole.split(":")
    return calendar.timegm((int(year), months.index(month) + 1, int(day),
                            int(hour), int(minute), int(second))) + Fraction(f"0.{part or 0}")


def accuracy_of(text):
    """Seconds, of what openssl prints: 0x01 seconds, 0x01F4 millis, 0x64 micros."""
    out = Fraction(0)
    for number, unit in re.findall(r"(0x[0-9A-Fa-f]+|\d+) (seconds|millis|micros)", text):
        out += Fraction(int(number, 0), {"seconds": 1, "millis": 1000, "micros": 1000000}[unit])
    return out


def stamped(files, said, roots):
    """Time, accuracy, signer, authority and serial number of each token, verified over the checkpoint."""
    tokens = []
    for stamp in said["timestamps"]:
        name = f"timestamps/{stamp['authority']}.tsr"
        chain = get(files, f"timestamps/{stamp['authority']}.pem")
        p = in_files(data=get(files, "checkpoint"), token=get(files, name), chain=chain,
                     roots=roots if roots is not None else chain)
        fine, text = openssl("ts", "-reply", "-in", p["token"], "-text")
        facts = dict(line.split(": ", 1) for line in text.splitlines() if ": " in line)
        if not fine or "Time stamp" not in facts:
            raise Failed(f"{name} is no time stamp")
        # Openssl would take a weaker digest, for which a second checkpoint can be made.
        if facts.get("Hash Algorithm") != "sha256":
            raise Failed(f"{name} is not over the SHA-256 of the checkpoint")
        when = unix_time(facts["Time stamp"])
        fine, text = openssl("ts", "-verify", "-data", p["data"], "-in", p["token"],
                             "-CAfile", p["roots"], "-untrusted", p["chain"], "-attime", str(int(when)))
        if not fine:
            raise Failed(f"{name}: {text}")
        serial = int(facts.get("Serial number", "0x0"), 16)
        tokens.append((when, accuracy_of(facts.get("Accuracy", "")), stamp["signer"], stamp["authority"], serial))
    return tokens


def check_timestamps(files, said, roots):
    times = []
    for stamp, (when, _, _, authority, serial) in zip(said["timestamps"], stamped(files, said, roots)):
        name = f"timestamps/{authority}.tsr"
        day = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(int(when)))
        if stamp["time"] != day or int(stamp["serial"] or "0", 16) != serial:
            raise Failed(f"bundle.json says something else of {name}")
        times.append(f"{day} by {stamp['signer']!a}")
    there = sum(name.endswith(".tsr") for name in files)
    if there != len(times):
        raise Failed(f"{there} time stamps are there, and bundle.json names {len(times)}")
    if not times:
        raise Absent("the checkpoint bears no time stamp: when it was made rests on the archive's word")
    return ", ".join(times)


# --- drand -------------------------------------------------------------------------------------

KNOWN_CHAINS = ("52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971",
                "8990e7a9aaed2ffed73dbd7092123d6f289930540d7651336225dc172e51b2ce")
SCHEMES = {"pedersen-bls-chained": 48, "pedersen-bls-unchained": 48, "bls-unchained-g1-rfc9380": 96}
ROUND_FIELD = "WARC-Drand-Round"


class Unchecked(Exception):
    pass


class Chain:
    """A chain of drand, as its servers describe it; its hash covers the description."""

    def __init__(self, data, name):
        try:
            said = json.loads(data, object_pairs_hook=no_doubles)
            self.public, seed = bytes.fromhex(said["public_key"]), bytes.fromhex(said["groupHash"])
            self.period, self.genesis = said["period"], said["genesis_time"]
            self.scheme = said.get("schemeID") or "pedersen-bls-chained"
            beacon = (said.get("metadata") or {}).get("beaconID") or "default"
            if len(self.public) != SCHEMES[self.scheme] or len(seed) != 32 or not 0 < self.period < 1 << 32:
                raise Failed(f"{name}: its key, group hash or period is not as its scheme has it")
            self.hash = sha256(struct.pack(">Iq", self.period, self.genesis) + self.public + seed
                               + (b"" if beacon == "default" else beacon.encode())).hex()
            stated = said.get("hash", self.hash)
        except (ValueError, KeyError, TypeError, AttributeError, struct.error):
            raise Failed(f"{name} is no description of a drand chain") from None
        if stated != self.hash:
            raise Failed(f"{name} does not have the hash that it states")

    def time(self, number):
        return self.genesis + (number - 1) * self.period

    def verify(self, round_):
        if round_.chain != self.hash or not 1 <= round_.number < 1 << 60:
            raise Failed("a round of drand is of another chain")
        chained, message = self.scheme == "pedersen-bls-chained", struct.pack(">Q", round_.number)
        if chained != (round_.previous is not None) or \
                chained and len(round_.previous) != 96 and (round_.number, len(round_.previous)) != (1, 32):
            raise Failed("a round of drand has a previous signature where there is none, or none")
        if not bls_signed(self.scheme, self.public, sha256((round_.previous or b"") + message), round_.signature):
            raise Failed(f"the signature of drand round {round_.number} does not verify with the key of its chain")


class Round:
    def __init__(self, text):
        match = re.fullmatch(r"([0-9a-f]{64}) ([1-9][0-9]{0,19}) ((?:[0-9a-f]{2})+)(?: ((?:[0-9a-f]{2})+))?", text)
        if match is None:
            raise Failed("a round of drand is not of the form")
        self.chain, self.number = match.group(1), int(match.group(2))
        self.signature = bytes.fromhex(match.group(3))
        self.previous = bytes.fromhex(match.group(4)) if match.group(4) else None

    @classmethod
    def parse(cls, text):
        """The round in a line of a checkpoint; None where it is none."""
        try:
            return None if text is None else cls(text)
        except Failed:
            return None


@functools.lru_cache(maxsize=None)
def bls_signed(scheme, public, message, signature):
    """Whether a key signed a message, by the package py_ecc: signatures in G1 (RFC 9380), or in G2."""
    try:
        from py_ecc.bls.hash_to_curve import hash_to_G1, hash_to_G2
        from py_ecc.bls.g2_primitives import pubkey_to_G1, signature_to_G2, subgroup_check
        from py_ecc.optimized_bls12_381 import FQ12, G1, G2, final_exponentiate, is_inf, neg, pairing
    except ImportError:
        raise Unchecked("rounds of drand are not checked here: the package py_ecc is not installed") from None
    in_g1 = scheme == "bls-unchained-g1-rfc9380"
    if (len(public), len(signature)) != ((96, 48) if in_g1 else (48, 96)):
        return False
    try:
        # The functions for points of G1 and G2 are the same for keys and signatures.
        small, large = pubkey_to_G1(signature if in_g1 else public), signature_to_G2(public if in_g1 else signature)
    except (ValueError, AssertionError):
        return False
    if is_inf(small) or is_inf(large) or not subgroup_check(small) or not subgroup_check(large):
        return False
    if in_g1:
        hashed = hash_to_G1(message, b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_", hashlib.sha256)
        both = pairing(G2, small, final_exponentiate=False) * pairing(large, neg(hashed), final_exponentiate=False)
    else:
        hashed = hash_to_G2(message, b"BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_NUL_", hashlib.sha256)
        both = pairing(large, G1, final_exponentiate=False) * pairing(hashed, neg(small), final_exponentiate=False)
    return final_exponentiate(both) == FQ12.one()


# Of the chains of the League of Entropy, since a bundle need not describe what everyone knows.
DESCRIPTIONS = {
    KNOWN_CHAINS[0]: '{"public_key":"83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c8c4b450b6a0a6c3ac6a577'
                     '6a2d1064510d1fec758c921cc22b0e17e63aaf4bcb5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece'
                     '45a","period":3,"genesis_time":1692803367,"groupHash":"f477d5c89f21a17c863a7f937c6a6d15859414d2be09cd44'
                     '8d4279af331c5d3e","schemeID":"bls-unchained-g1-rfc9380","metadata":{"beaconID":"quicknet"}}',
    KNOWN_CHAINS[1]: '{"public_key":"868f005eb8e6e4ca0a47c8a77ceaa5309a47978a7c71bc5cce96366b5d7a569937c529eeda66c7293784a940'
                     '2801af31","period":30,"genesis_time":1595431050,"groupHash":"176f93498eac9ca337150b46d21dd58673ea4e3581'
                     '185f869672e59fa4cb390a","schemeID":"pedersen-bls-chained"}',
}


def chain_of(files, round_):
    name = f"drand/{round_.chain}.json"
    if name not in files and round_.chain not in DESCRIPTIONS:
        raise Failed(f"{name}, the description of a chain of drand, is missing")
    return Chain(files.get(name, DESCRIPTIONS.get(round_.chain)), name)


def capture_of(said, records):
    at = [n for n, entry in enumerate(said["records"]) if entry["role"] == "capture"]
    if not at or at[0] >= len(records):
        raise Failed("bundle.json names no record as the capture")
    return records[at[0]]


def round_in(record):
    every = record.fields.every(ROUND_FIELD)
    if len(every) > 1:
        raise Failed("the record of the capture holds two rounds of drand")
    return Round(record.fields.text(ROUND_FIELD)) if every else None


def chain_files(files, said, records):
    """The files of the chains that the capture and the checkpoint have rounds of, which a bundle may hold."""
    rounds = []
    for find in (lambda: round_in(capture_of(said, records)),
                 lambda: Checkpoint(text_of(files, "checkpoint"), "checkpoint").round):
        try:
            rounds.append(find())
        except Failed:
            pass
    return {f"drand/{one.chain}.json" for one in rounds if one is not None}


def moment(seconds):
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(int(seconds)))
    return whole + (f".{round(seconds % 1 * 1000000):06}".rstrip("0") if seconds % 1 else "") + "Z"


def unix_date(text):
    """The time of a record's date; None where it is none that is compared."""
    match = re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(\.\d+)?Z", text or "")
    if match is None:
        return None
    return calendar.timegm(tuple(int(part) for part in match.groups()[:6])) + float(match.group(7) or 0)


def check_interval(files, said, records, checkpoint, known):
    """Between which times the record of the capture was made."""
    of_checkpoint, record = checkpoint().round, capture_of(said, records())
    unchecked, before, strange = None, None, ""
    own = round_in(record)
    for one in (of_checkpoint, own):
        if one is not None:
            try:
                chain_of(files, one).verify(one)
            except Unchecked as why:
                unchecked = str(why)
    if own is not None:
        before = chain_of(files, own).time(own.number)
        date = unix_date(said["date"])
        if date is not None and before > date:
            raise Failed(f"the record is dated before round {own.number} of drand, which it holds: its date is false")
        if own.chain not in KNOWN_CHAINS and own.chain not in known.chains:
            strange = "; this script does not know the chain: compare its hash with what its operators publish"
    stamps = stamped(files, said, known.roots)
    after, signer, authority = min(((when + accuracy, signer, authority) for when, accuracy, signer, authority, _
                                    in stamps), default=(None, None, None))
    if before is not None and after is not None and before > after:
        raise Failed(f"the stamp of {authority!a} is older than round {own.number} of drand, which the record holds")
    lower = None if before is None else (f"not before {moment(before)}, because the record holds round {own.number} "
                                         f"of the drand chain {own.chain}, which was not known earlier")
    upper = None if after is None else f"not after {moment(after)}, because {signer!a} has stamped a checkpoint over it"
    if unchecked is not None:
        raise Absent(unchecked + (f"; made {upper}" if upper else ""))
    if lower and upper:
        return f"made {lower}, and {upper}{strange}"
    if lower:
        raise Absent(f"made {lower}; until when it was made rests on the archive's word{strange}")
    if upper:
        raise Absent(f"made {upper}; since when it may be rests on the archive's word")
    raise Absent("when it was made rests on the archive's word alone")


# --- witnesses ---------------------------------------------------------------------------------

WITNESSED = "witnessed.tlog-proof"


class WitnessKey:
    """The key of a witness (c2sp.org/tlog-cosignature): Ed25519, or ML-DSA-44."""

    def __init__(self, text):
        name, _, rest = text.partition("+")
        identity, _, data = rest.partition("+")
        data = unbase64(data)
        if (not re.fullmatch(r"[^\s+]+", name) or (len(data), data[:1]) not in ((33, b"\x04"), (1313, b"\x06"))
                or sha256(name.encode() + b"\n" + data)[:4].hex() != identity):
            raise Failed("no key of a witness")
        self.name, self.data, self.id = name, data, bytes.fromhex(identity)

    def time(self, checkpoint):
        """The newest time at which it cosigned a checkpoint; None where it did not."""
        times = []
        for name, identity, signature in checkpoint.signatures:
            when = cosigned_at(signature)
            if name != self.name or identity != self.id or when is None:
                continue
            if self.data[:1] == b"\x04":
                message = b"cosignature/v1\ntime %d\n" % when + checkpoint.body
                fine = signed(self.data[1:], message, signature[8:])
            else:
                fine = ml_dsa_signed(self.data[1:], self.subtree(when, checkpoint), signature[8:])
            if fine:
                times.append(when)
        return max(times, default=None)

    def subtree(self, when, checkpoint):
        """What ML-DSA-44 signs: the first three lines of the checkpoint, and no extension lines."""
        texts = [text.encode() for text in (self.name, checkpoint.origin)]
        if any(not 0 < len(text) < 256 for text in texts):
            raise Failed("a name is too long for a cosignature")
        name, origin = (bytes([len(text)]) + text for text in texts)
        return (b"subtree/v1\n\0" + name + struct.pack(">Q", when) + origin + struct.pack(">QQ", 0, checkpoint.size)
                + checkpoint.root)


def cosigned_at(signature):
    when = int.from_bytes(signature[:8], "big")
    return when if len(signature) in (72, 2428) and 0 < when < 1 << 63 else None


@functools.lru_cache(maxsize=None)
def ml_dsa_signed(public, message, signature):
    """Whether an ML-DSA-44 key signed bytes, by the package cryptography or by openssl 3.5."""
    if len(signature) != 2420:
        return False
    try:
        from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey
        try:
            MLDSA44PublicKey.from_public_bytes(public).verify(signature, message)
            return True
        except InvalidSignature:
            return False
        except UnsupportedAlgorithm:
            pass
    except ImportError:
        pass
    # SubjectPublicKeyInfo of id-ml-dsa-44 (RFC 9881).
    der = bytes.fromhex("30820532300b06096086480165030403110382052100") + public
    pem = b"-----BEGIN PUBLIC KEY-----\n" + base64.encodebytes(der) + b"-----END PUBLIC KEY-----\n"
    p = in_files(key=pem, data=message, signature=signature)
    known, _ = openssl("pkey", "-pubin", "-in", p["key"], "-noout")
    if not known:
        UNCHECKED.add("cosignatures with ML-DSA-44 are not checked here and do not count: this openssl is older "
                      "than 3.5, and the package cryptography is not installed")
        return False
    fine, _ = openssl("pkeyutl", "-verify", "-pubin", "-inkey", p["key"], "-rawin",
                      "-in", p["data"], "-sigfile", p["signature"])
    return fine


# What could not be checked, in words.
UNCHECKED = set()


class Policy:
    """c2sp.org/tlog-policy: names stand for a witness, or for so many of a group."""

    def __init__(self, data):
        self.logs, self.witnesses, self.names, self.quorum = [], [], {}, None
        taken, quorums = set(), 0
        for n, line in enumerate(data.split(b"\n"), 1):
            words = [word for word in re.split(rb"[ \t]+", line) if word]
            if re.search(rb"[\x00-\x08\x0a-\x1f\x7f]", line):
                raise Failed(f"line {n} of the policy has a control character")
            if not words or words[0].startswith(b"#"):
                continue
            try:
                kind, rest = words[0], words[1:]
                if kind == b"log" and len(rest) in (1, 2):
                    key = Key(rest[0].decode())
                    if any(key.public == known.public for known in self.logs):
                        raise Failed("a log twice")
                    self.logs.append(key)
                elif kind == b"witness" and len(rest) in (2, 3):
                    key = WitnessKey(rest[1].decode())
                    if any(key.data == known.data for known in self.witnesses):
                        raise Failed("a witness twice")
                    self.witnesses.append(key)
                    self.define(rest[0], key)
                elif kind == b"group" and len(rest) >= 3:
                    members = [self.names[name] for name in rest[2:]]
                    if taken & set(rest[2:]) or len(set(rest[2:])) < len(rest[2:]):
                        raise Failed("a member twice")
                    taken |= set(rest[2:])
                    least = {b"all": len(members), b"any": 1}.get(rest[1])
                    if least is None:
                        if not re.fullmatch(rb"[0-9]+", rest[1]):
                            raise Failed("a group has all, any or a number")
                        least = int(rest[1])
                    if not 1 <= least <= len(members):
                        raise Failed("a group cannot have so many of its members")
                    self.define(rest[0], (least, members))
                elif kind == b"quorum" and len(rest) == 1:
                    quorums += 1
                    self.quorum = None if rest[0] == b"none" else self.names[rest[0]]
                else:
                    raise Failed("no line of a policy")
            except (Failed, KeyError, UnicodeDecodeError) as why:
                raise Failed(f"line {n} of the policy: {why}") from None
        if quorums != 1:
            raise Failed("a policy has one quorum")

    def define(self, name, member):
        if name == b"none" or name in self.names:
            raise Failed("a name that is taken")
        self.names[name] = member

    def holds(self, times, member):
        if isinstance(member, WitnessKey):
            return times[member.name, member.id] is not None
        least, members = member
        return sum(self.holds(times, one) for one in members) >= least


def witnessed(name, when):
    try:
        return f"{name} at {time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(when))}"
    except (ValueError, OverflowError, OSError):
        return f"{name} at {when}"


def covering(files, said, newest, keys, name):
    """The checkpoint of this log in a file, which proves that the capture is in it."""
    parted = text_of(files, name).partition("\n\n")
    checkpoint = Checkpoint(parted[2], name)
    record = next(record for record in said["records"] if record["role"] == "capture")
    leaf = text_of(files, f"leaves/{record['number']:02}.txt")
    index, _ = included(files, name, leaf, checkpoint, "its own")
    if index != record["leaf"]:
        raise Failed(f"{name} does not lead from the capture's leaf to its checkpoint")
    at = key_number(keys(), checkpoint.size)
    if not at or not checkpoint.signed_by(keys()[at - 1]):
        raise Failed(f"the checkpoint in {name} is not signed by the key of the log at its time")
    if roots_of(newest(), read_consistency(files)).get(checkpoint.size) != checkpoint.root:
        raise Failed(f"nothing proves that the newest checkpoint begins with that in {name}")
    return checkpoint


def check_witnesses(files, said, newest, keys, policy):
    if WITNESSED not in files:
        if policy is not None and policy.quorum is not None:
            raise Failed("no witness has cosigned, and the policy asks for a quorum")
        raise Absent("no witness has cosigned: that everyone is shown the same log rests on the archive's word")
    checkpoint = covering(files, said, newest, keys, WITNESSED)
    if policy is None:
        told = sorted(witnessed(name, cosigned_at(signature)) for name, _, signature in checkpoint.signatures
                      if name != checkpoint.origin and cosigned_at(signature) is not None)
        if not told:
            raise Failed(f"the checkpoint in {WITNESSED} bears no cosignature")
        raise Absent(f"cosigned, as it says, by {', '.join(told)}; a policy that names their keys (--policy) "
                     "tells whether that is so")
    if policy.logs and not any(checkpoint.signed_by(key) for key in policy.logs):
        raise Failed("the policy does not list this log")
    times = {(key.name, key.id): key.time(checkpoint) for key in policy.witnesses}
    told = ", ".join(witnessed(name, when) for (name, _), when in times.items() if when is not None)
    told = told or "none of its witnesses"
    if policy.quorum is None:
        return f"the policy asks for no witness; cosigned by {told}"
    if not policy.holds(times, policy.quorum):
        raise Failed("; ".join([f"the quorum of the policy does not hold: cosigned by {told}", *sorted(UNCHECKED)]))
    return f"the quorum of the policy holds: {told}"


# --- OpenTimestamps ----------------------------------------------------------------------------

ANCHORED, OTS = "anchored.tlog-proof", "anchored.ots"
OTS_BYTES_MAX, OTS_DEPTH_MAX = 64 << 10, 256
OTS_PENDING, OTS_BITCOIN = bytes.fromhex("83dfe30d2ef90c8e"), bytes.fromhex("0588960d73d71901")
# Before the digest: the magic, the version 1, SHA-256.
OTS_HEAD = b"\x00OpenTimestamps\x00\x00Proof\x00\xbf\x89\xe2\xe8\x84\xe8\x92\x94\x01\x08"


class Ots:
    """A proof of OpenTimestamps: the calendars that promised, and the blocks of Bitcoin with what they have to hold."""

    def __init__(self, data, digest):
        if len(data) > OTS_BYTES_MAX or not data.startswith(OTS_HEAD):
            raise Failed(f"{OTS} is no proof of OpenTimestamps over SHA-256")
        if data[len(OTS_HEAD):len(OTS_HEAD) + 32] != digest:
            raise Failed(f"{OTS} is a proof about something else than its checkpoint")
        self.data, self.at, self.promised, self.blocks = data, len(OTS_HEAD) + 32, [], []
        self.branches(digest, OTS_DEPTH_MAX)
        if self.at != len(data):
            raise Failed(f"{OTS} goes on after its end")

    def take(self, length):
        if length > len(self.data) - self.at:
            raise Failed(f"{OTS} ends too early")
        self.at += length
        return self.data[self.at - length:self.at]

    def number(self):
        out = 0
        for shift in range(0, 63, 7):
            byte = self.take(1)[0]
            out |= (byte & 0x7F) << shift
            if byte < 0x80:
                return out
        raise Failed(f"{OTS} has a number that is too large")

    def branches(self, message, depth):
        """Follows a timestamp; a message is None where an operation is none that is done here."""
        if not depth:
            raise Failed(f"{OTS} is too deep")
        more = True
        while more:
            tag = self.take(1)[0]
            more = tag == 0xFF
            if more:
                tag = self.take(1)[0]
            if tag == 0:
                self.attestation(message)
                continue
            if tag not in (0xF0, 0xF1, 0xF2, 0xF3, 0x02, 0x03, 0x08, 0x67):
                raise Failed(f"{OTS} has an operation that is not known")
            argument = self.take(self.number()) if tag in (0xF0, 0xF1) else b""
            follows = None
            if message is not None and tag not in (0x03, 0x67):
                follows = {0xF0: lambda: message + argument, 0xF1: lambda: argument + message,
                           0xF2: lambda: message[::-1], 0xF3: lambda: message.hex().encode(),
                           0x02: lambda: hashlib.sha1(message).digest(), 0x08: lambda: sha256(message)}[tag]()
                follows = follows if len(follows) <= 4096 else None
            self.branches(follows, depth - 1)

    def attestation(self, message):
        tag, length = self.take(8), self.number()
        end = self.at + length
        if length > len(self.data) - self.at:
            raise Failed(f"{OTS} ends too early")
        if tag == OTS_PENDING:
            address = self.take(self.number()).decode("ascii", "replace")
            if message is not None:
                self.promised.append(address)
        elif tag == OTS_BITCOIN:
            height = self.number()
            if message is not None:
                self.blocks.append((height, message))
        else:
            self.take(length)
        if self.at != end:
            raise Failed(f"{OTS} has an attestation of another length")


def bitcoin_headers(text):
    """Merkle root and time of the headers in a list, by their heights; each shows the work that it states."""
    headers = {}
    for n, line in enumerate(text.splitlines(), 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if len(words) != 2 or not words[0].isdigit() or not re.fullmatch("[0-9A-Fa-f]{160}", words[1]):
            raise Failed(f"line {n} of the headers is no height with a header")
        header = bytes.fromhex(words[1])
        bits = int.from_bytes(header[72:76], "little")
        target = (bits & 0x7FFFFF) << 8 * (bits >> 24) >> 24
        if bits & 0x800000 or int.from_bytes(sha256(sha256(header)), "little") > target:
            raise Failed(f"line {n} of the headers: its digest does not show the work that it states")
        headers[int(words[0])] = header[36:68], int.from_bytes(header[68:72], "little")
    return headers


def check_bitcoin(files, said, newest, keys, headers):
    checkpoint = covering(files, said, newest, keys, ANCHORED)
    proof = Ots(get(files, OTS), sha256(checkpoint.text.encode()))
    for height, root in sorted(proof.blocks):
        if height not in headers:
            continue
        own, when = headers[height]
        if own != root:
            raise Failed(f"the header of block {height} of Bitcoin that was given does not have what {OTS} leads to")
        return (f"made before {moment(when + 7200)}, for block {height} of Bitcoin of {moment(when)} holds a checkpoint "
                "over it, and the time in a block is two hours wrong at most; that this header is the one of its "
                "height rests on who gave it")
    if proof.blocks:
        height, root = min(proof.blocks)
        raise Absent(f"block {height} of Bitcoin holds a checkpoint over it if its Merkle root is {root[::-1].hex()}: "
                     "compare it, or give the header (--bitcoin-headers)")
    if proof.promised:
        raise Absent(f"a calendar of OpenTimestamps ({', '.join(proof.promised)}) has promised to put a checkpoint over it "
                     "into Bitcoin; the bundle was made before it did")
    raise Failed(f"{OTS} says nothing that is known here")


# --- sessions that a relay attested -----------------------------------------------------------

SESSION = "application/vnd.pressmark."
IDENTICAL_PAYLOAD = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
TRUST = ("This rests on the relay's not working together with the archive, and on the way from the relay to the "
         "server, its name service among it: whoever holds both the session's keys and that way could have sent "
         "the bytes")
# The bounds of src/evidence/session.
NOTE_BYTES_MAX, SECRETS_BYTES_MAX, MESSAGE_BYTES_MAX = 4096, 8192, 256 << 10
HANDSHAKE_RECORDS_MAX, KEY_UPDATES_MAX, CERTIFICATES_MAX, EXCHANGE_BYTES_MAX = 128, 1024, 16, 128
CLOCK_SKEW_MAX = 600
RETRY_RANDOM = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
CHANGE_CIPHER_SPEC, ALERT, HANDSHAKE, APPLICATION_DATA = 20, 21, 22, 23
CLIENT_HELLO, SERVER_HELLO, NEW_SESSION_TICKET, ENCRYPTED_EXTENSIONS = 1, 2, 4, 8
CERTIFICATE, CERTIFICATE_REQUEST, CERTIFICATE_VERIFY, FINISHED, KEY_UPDATE = 11, 13, 15, 20, 24
SUPPORTED_VERSIONS, PRE_SHARED_KEY, EARLY_DATA, KEY_SHARE = 43, 41, 42, 51
# Name, hash and length of the key of each suite of TLS 1.3.
SUITES = {0x1301: ("TLS_AES_128_GCM_SHA256", "sha256", 16), 0x1302: ("TLS_AES_256_GCM_SHA384", "sha384", 32),
          0x1303: ("TLS_CHACHA20_POLY1305_SHA256", "sha256", 32)}
# The hash of each scheme of a server's signature; RSA is PSS. Ed25519 has none of its own.
TLS_SCHEMES = {0x0403: "sha256", 0x0503: "sha384", 0x0804: "sha256", 0x0805: "sha384", 0x0806: "sha512", 0x0807: None}


class Cursor:
    """Reads fields of fixed and prefixed lengths."""

    def __init__(self, data, name):
        self.data, self.at, self.name = data, 0, name

    def take(self, length):
        if len(self.data) - self.at < length:
            raise Failed(f"{self.name} that cannot be read")
        self.at += length
        return self.data[self.at - length:self.at]

    def number(self, length):
        return int.from_bytes(self.take(length), "big")

    def vector(self, prefix):
        return self.take(self.number(prefix))

    def more(self):
        return self.at < len(self.data)

    def end(self):
        if self.more():
            raise Failed(f"{self.name} that cannot be read")


def extensions(data, name):
    fields, found = Cursor(data, name), {}
    while fields.more():
        kind, value = fields.number(2), fields.vector(2)
        if kind in found:
            raise Failed(f"{name} has an extension twice")
        found[kind] = value
    return found


def expect(message, kind, name):
    if message[0] != kind:
        raise Failed(f"a message of the kind {message[0]} in place of {name}")
    return Cursor(message[4:], f"a {name}")


def client_hello(message):
    """Random, suites and offered groups of a ClientHello without a ticket."""
    fields = expect(message, CLIENT_HELLO, "ClientHello")
    fields.take(2)
    random = fields.take(32)
    fields.vector(1)
    suites = fields.vector(2)
    fields.vector(1)
    found = extensions(fields.vector(2), "a ClientHello")
    fields.end()
    if PRE_SHARED_KEY in found or EARLY_DATA in found:
        raise Failed("the client resumes an earlier session, whose certificate is not shown")
    groups = set()
    if KEY_SHARE in found:
        outer = Cursor(found[KEY_SHARE], "a ClientHello")
        shares = Cursor(outer.vector(2), "a ClientHello")
        outer.end()
        while shares.more():
            groups.add(shares.number(2))
            shares.vector(2)
    return random, {int.from_bytes(suites[at:at + 2], "big") for at in range(0, len(suites) - 1, 2)}, groups


def server_hello(message):
    """Whether it asks for another ClientHello, the suite, the group."""
    fields = expect(message, SERVER_HELLO, "ServerHello")
    fields.take(2)
    is_retry = fields.take(32) == RETRY_RANDOM
    fields.vector(1)
    suite = fields.number(2)
    fields.take(1)
    found = extensions(fields.vector(2), "a ServerHello")
    fields.end()
    group = None
    if KEY_SHARE in found and not is_retry:
        share = Cursor(found[KEY_SHARE], "a ServerHello")
        group = share.number(2)
        share.vector(2)
        share.end()
    if found.get(SUPPORTED_VERSIONS) != b"\x03\x04":
        raise Failed("the server speaks another version than TLS 1.3")
    if PRE_SHARED_KEY in found or (group is None and not is_retry):
        raise Failed("the server resumes an earlier session")
    return is_retry, suite, group


def certificates_of(message):
    fields = Cursor(message[4:], "a Certificate")
    context, entries, found = fields.vector(1), Cursor(fields.vector(3), "a Certificate"), []
    fields.end()
    while entries.more() and len(found) <= CERTIFICATES_MAX:
        found.append(entries.vector(3))
        entries.vector(2)
    if context or not 0 < len(found) <= CERTIFICATES_MAX:
        raise Failed("a Certificate that cannot be read")
    return found


def expand(algorithm, secret, label, context, length):
    """HKDF-Expand-Label (RFC 8446 section 7.1)."""
    label = b"tls13 " + label.encode()
    info = struct.pack(">H", length) + bytes([len(label)]) + label + bytes([len(context)]) + context
    out, block, n = b"", b"", 0
    while len(out) < length:
        n += 1
        block = hmac.digest(secret, block + info + bytes([n]), algorithm)
        out += block
    return out[:length]


def keystream(cipher, key, data, iv=None):
    """What a cipher of openssl makes of bytes, without padding."""
    args = ["enc", f"-{cipher}", "-nopad", "-K", key.hex()] + (["-iv", iv.hex()] if iv else [])
    done = subprocess.run(["openssl", *args], input=data, capture_output=True)
    if done.returncode or len(done.stdout) != len(data):
        raise Unchecked(f"the session is not decrypted here: this openssl has no {cipher}; "
                        "`pressmark prove --check` decrypts it")
    return done.stdout


def xor(one, other):
    return (int.from_bytes(one, "big") ^ int.from_bytes(other, "big")).to_bytes(len(one), "big")


def ghash_tables(h):
    """For each of the 16 bytes of a block, its products with the key of the hash (NIST SP 800-38D section 6.3)."""
    powers, v = [], int.from_bytes(h, "big")
    for _ in range(128):
        powers.append(v)
        v = v >> 1 ^ (0xE1 << 120 if v & 1 else 0)
    tables = []
    for at in range(0, 128, 8):
        table = [0] * 256
        for bit in range(8):
            step = 128 >> bit
            for low in range(0, 256, 2 * step):
                for n in range(low + step, low + 2 * step):
                    table[n] ^= powers[at + bit]
        tables.append(table)
    return tables


def ghash(tables, header, data):
    blocks = b"".join(part + bytes(-len(part) % 16) for part in (header, data))
    blocks += struct.pack(">QQ", 8 * len(header), 8 * len(data))
    y = 0
    for at in range(0, len(blocks), 16):
        z = 0
        for table, byte in zip(tables, (y ^ int.from_bytes(blocks[at:at + 16], "big")).to_bytes(16, "big")):
            z ^= table[byte]
        y = z
    return y.to_bytes(16, "big")


def poly1305(key, header, data):
    """RFC 8439 sections 2.5 and 2.8."""
    r, s, total = int.from_bytes(key[:16], "little") & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF, key[16:32], 0
    blocks = b"".join(part + bytes(-len(part) % 16) for part in (header, data))
    blocks += struct.pack("<QQ", len(header), len(data))
    for at in range(0, len(blocks), 16):
        total = (total + (int.from_bytes(blocks[at:at + 16], "little") | 1 << 128)) * r % ((1 << 130) - 5)
    return (total + int.from_bytes(s, "little") & (1 << 128) - 1).to_bytes(16, "little")


class Keys:
    """The keys of one direction from a traffic secret; opens records in their order."""

    # So many records are prepared with one call of openssl.
    BATCH = 512

    def __init__(self, suite, secret):
        _, algorithm, length = SUITES[suite]
        self.is_aes, self.sequence, self.ready = suite != 0x1303, 0, {}
        self.key = expand(algorithm, secret, "key", b"", length)
        self.iv = int.from_bytes(expand(algorithm, secret, "iv", b"", 12), "big")
        if self.is_aes:
            self.ecb = f"aes-{8 * length}-ecb"
            self.tables = ghash_tables(keystream(self.ecb, self.key, bytes(16)))

    def stream(self, sequence, lengths):
        """The key streams of records from `sequence` on, of these lengths; the block that covers the tag comes first."""
        counters, sizes = [], []
        for at, length in enumerate(lengths):
            nonce = (self.iv ^ sequence + at).to_bytes(12, "big")
            blocks = 1 + -(-length // 16)
            counters += [nonce + struct.pack(">I", n) for n in range(1, 1 + blocks)]
            sizes.append(16 * blocks)
        out, at = keystream(self.ecb, self.key, b"".join(counters)), 0
        for n, size in enumerate(sizes):
            self.ready[sequence + n] = out[at:at + size]
            at += size

    def open(self, header, fragment, ahead):
        """The plaintext of the next record; `ahead` are the fragments that may follow under the same keys."""
        at, data, tag = self.sequence, fragment[:-16], fragment[-16:]
        self.sequence += 1
        if len(fragment) < 17:
            raise Failed(f"record {at} is not of these keys")
        if self.is_aes:
            if at not in self.ready:
                self.stream(at, [max(len(one) - 16, 0) for one in [fragment, *ahead[:self.BATCH - 1]]])
            stream = self.ready.pop(at)
            fine = hmac.compare_digest(xor(ghash(self.tables, header, data), stream[:16]), tag)
            stream = stream[16:16 + len(data)]
        else:
            nonce = (self.iv ^ at).to_bytes(12, "big")
            stream = keystream("chacha20", self.key, bytes(64 + len(data)), bytes(4) + nonce)
            fine = hmac.compare_digest(poly1305(stream[:32], header, data), tag)
            stream = stream[64:]
        if not fine:
            raise Failed(f"record {at} is not of these keys")
        return xor(data, stream)


class Direction:
    """One direction of a session, as far as it was read."""

    def __init__(self, data):
        self.records, self.at, self.joined, self.left = [], 0, b"", 0
        at = 0
        while len(data) - at >= 5:
            kind, high, low, length = struct.unpack(">BBBH", data[at:at + 5])
            if kind not in (CHANGE_CIPHER_SPEC, ALERT, HANDSHAKE, APPLICATION_DATA):
                raise Failed(f"a record of the type {kind}")
            if high != 3 or low not in (1, 3):
                raise Failed(f"a record of the version {high}.{low}")
            if length > (1 << 14) + 256:
                raise Failed(f"a record of {length} bytes")
            if len(data) - at - 5 < length:
                break
            self.records.append((kind, data[at:at + 5], data[at + 5:at + 5 + length]))
            at += 5 + length
        self.left = len(data) - at

    def open(self, keys):
        """Type and content of the next record, which is protected."""
        kind, header, fragment = self.records[self.at]
        self.at += 1
        if kind != APPLICATION_DATA:
            raise Failed("a record that should be protected is not")
        ahead = [one for _, _, one in self.records[self.at:self.at + Keys.BATCH]]
        inner = keys.open(header, fragment, ahead).rstrip(b"\0")
        if not inner or inner[-1] not in (ALERT, HANDSHAKE, APPLICATION_DATA) or len(inner) > (1 << 14) + 1:
            raise Failed("a protected record of a type that is none")
        return inner[-1], inner[:-1]

    def whole(self):
        """The next whole handshake message in hand; None where it goes on."""
        if len(self.joined) < 4:
            return None
        length = int.from_bytes(self.joined[1:4], "big")
        if length > MESSAGE_BYTES_MAX:
            raise Failed(f"a handshake message of {length} bytes")
        if len(self.joined) < 4 + length:
            return None
        message, self.joined = self.joined[:4 + length], self.joined[4 + length:]
        return message

    def message(self, keys=None):
        """The next handshake message, of records in the clear where there are no keys."""
        while (message := self.whole()) is None:
            while self.at < len(self.records) and self.records[self.at][0] == CHANGE_CIPHER_SPEC:
                if self.records[self.at][2] != b"\x01":
                    raise Failed("a change_cipher_spec that is none")
                self.at += 1
            if self.at >= min(len(self.records), HANDSHAKE_RECORDS_MAX):
                raise Failed("the handshake ends before it is complete")
            if keys is None:
                kind, _, content = self.records[self.at]
                self.at += 1
            else:
                kind, content = self.open(keys)
            if kind != HANDSHAKE:
                raise Failed(f"a record of the type {kind} inside the handshake")
            self.joined += content
        return message

    def ends_record(self):
        if self.joined:
            raise Failed("a record goes on over a change of keys")

    def data(self, suite, secret, is_server):
        """All application data to the end, and whether this side said that it sends no more."""
        algorithm = SUITES[suite][1]
        keys, data, updates, closed, said_so = Keys(suite, secret), [], 0, False, False
        while self.at < len(self.records):
            if closed:
                raise Failed("records follow the end of the session")
            kind, content = self.open(keys)
            if kind == APPLICATION_DATA:
                self.ends_record()
                data.append(content)
            elif kind == ALERT:
                closed, said_so = True, content[1:2] == b"\0"
            else:
                self.joined += content
                while (message := self.whole()) is not None:
                    if message[0] == KEY_UPDATE and updates < KEY_UPDATES_MAX:
                        self.ends_record()
                        updates += 1
                        secret = expand(algorithm, secret, "traffic upd", b"", len(secret))
                        keys = Keys(suite, secret)
                    elif message[0] != NEW_SESSION_TICKET or not is_server:
                        raise Failed(f"a message of the kind {message[0]} after the handshake")
        if self.left:
            raise Failed(f"{self.left} bytes of a record that was cut")
        return b"".join(data), said_so


def read_secrets(data):
    """The random of the client, the secret of the key exchange, and the traffic secrets by their labels."""
    if len(data) > SECRETS_BYTES_MAX:
        raise Failed("a list of secrets that is too long")
    exchange, randoms, traffic = [], set(), {}
    for line in data.decode().splitlines():
        if match := re.fullmatch("# key-exchange ((?:[0-9a-f]{2})+)", line):
            exchange.append(bytes.fromhex(match.group(1)))
        elif match := re.fullmatch("([^ ]+) ([0-9a-f]{64}) ((?:[0-9a-f]{2})+)", line):
            label, random, secret = match.groups()
            if label in traffic:
                raise Failed(f"two secrets of the label {label}")
            randoms.add(random)
            traffic[label] = bytes.fromhex(secret)
        else:
            raise Failed("a line of the secrets that is none of a key log")
    if len(exchange) != 1 or len(randoms) != 1 or not 0 < len(exchange[0]) <= EXCHANGE_BYTES_MAX:
        raise Failed("the secrets are not those of one session")
    return bytes.fromhex(randoms.pop()), exchange[0], traffic


class Decrypted:
    """A session decrypted (src/evidence/session): the handshake holds, and every byte is accounted for."""

    def __init__(self, sent, received, secrets):
        random, exchange, traffic = read_secrets(secrets)
        client, server = Direction(sent), Direction(received)
        first, answer = client.message(), server.message()
        own, suites, groups = client_hello(first)
        is_retry, suite, group = server_hello(answer)
        if suite not in SUITES or suite not in suites:
            raise Failed(f"the cipher suite {suite:#06x}")
        self.suite, algorithm, _ = SUITES[suite]
        transcript = hashlib.new(algorithm)
        if is_retry:
            # The first ClientHello counts by its hash (RFC 8446 section 4.4.1).
            digest = hashlib.new(algorithm, first).digest()
            transcript.update(bytes([254, 0, 0, len(digest)]) + digest + answer)
            second = client.message()
            again, _, groups = client_hello(second)
            if again != own:
                raise Failed("the second ClientHello is of another client")
            transcript.update(second)
            answer = server.message()
            is_retry, chosen, group = server_hello(answer)
            if is_retry or chosen != suite:
                raise Failed("the server asks for a third ClientHello, or changes the suite")
        else:
            transcript.update(first)
        transcript.update(answer)
        if own != random:
            raise Failed("the secrets are of another session")
        if group not in groups:
            raise Failed("the server chose a key exchange that was not offered")
        client.ends_record()
        server.ends_record()
        size, empty = transcript.digest_size, hashlib.new(algorithm).digest()
        derive = lambda secret, label, context: expand(algorithm, secret, label, context, size)
        extract = lambda salt, value: hmac.digest(salt, value, algorithm)
        shaken = extract(derive(extract(bytes(size), bytes(size)), "derived", empty), exchange)
        labels = ("c hs traffic", "s hs traffic")
        of_client, of_server = (derive(shaken, label, transcript.digest()) for label in labels)
        asks = self.flight(server, Keys(suite, of_server), transcript, derive(of_server, "finished", b""), algorithm)
        server.ends_record()
        master = extract(derive(shaken, "derived", empty), bytes(size))
        last = [derive(master, label, transcript.digest()) for label in ("c ap traffic", "s ap traffic")]
        derived = dict(zip(("CLIENT_HANDSHAKE_TRAFFIC_SECRET", "SERVER_HANDSHAKE_TRAFFIC_SECRET",
                            "CLIENT_TRAFFIC_SECRET_0", "SERVER_TRAFFIC_SECRET_0"), (of_client, of_server, *last)))
        if traffic != derived:
            raise Failed("the secrets that are listed are not those that follow from the key exchange")
        keys = Keys(suite, of_client)
        message = client.message(keys)
        if asks and message[0] == CERTIFICATE:
            transcript.update(message)
            message = client.message(keys)
        key = derive(of_client, "finished", b"")
        if message[0] != FINISHED or not hmac.compare_digest(extract(key, transcript.digest()), message[4:]):
            raise Failed("the client's Finished does not hold")
        client.ends_record()
        self.sent, _ = client.data(suite, last[0], False)
        self.received, self.is_closed = server.data(suite, last[1], True)

    def flight(self, server, keys, transcript, key, algorithm):
        """The server's messages to its Finished; whether it asks for a certificate of the client."""
        def following(*kinds):
            message = server.message(keys)
            if message[0] not in kinds:
                raise Failed(f"a message of the kind {message[0]} in the server's handshake")
            return message
        transcript.update(following(ENCRYPTED_EXTENSIONS))
        message = following(CERTIFICATE_REQUEST, CERTIFICATE)
        asks = message[0] == CERTIFICATE_REQUEST
        if asks:
            transcript.update(message)
            message = following(CERTIFICATE)
        self.chain = certificates_of(message)
        transcript.update(message)
        # RFC 8446 section 4.4.3.
        self.signed = b" " * 64 + b"TLS 1.3, server CertificateVerify\0" + transcript.digest()
        message = following(CERTIFICATE_VERIFY)
        fields = Cursor(message[4:], "a CertificateVerify")
        self.scheme, self.signature = fields.number(2), fields.vector(2)
        fields.end()
        transcript.update(message)
        message = following(FINISHED)
        if not hmac.compare_digest(hmac.digest(key, transcript.digest(), algorithm), message[4:]):
            raise Failed("the server's Finished does not hold")
        transcript.update(message)
        return asks


def pem_certificate(der):
    return b"-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(der) + b"-----END CERTIFICATE-----\n"


def is_of_host(name, host):
    """Whether a name in a certificate is of a host (RFC 6125): a whole first label may be a star."""
    name, host = name.lower(), host.lower()
    return name == host or (name.startswith("*.") and "." in host and name[1:] == host[host.index("."):])


def check_server(session, host, at, roots):
    """That the chain leads to a root, is of the host and was valid, and that its key signed the handshake."""
    p = in_files(leaf=pem_certificate(session.chain[0]), between=b"".join(map(pem_certificate, session.chain[1:])),
                 roots=roots, data=session.signed, signature=session.signature)
    between = ["-untrusted", p["between"]] if len(session.chain) > 1 else []
    # Any certificate of the list may be an anchor, and none beside it.
    fine, what = openssl("verify", "-CAfile", p["roots"], "-no-CApath", "-no-CAstore", "-partial_chain", *between,
                         "-purpose", "sslserver", "-attime", str(int(at)), "-verify_hostname", host, p["leaf"])
    if not fine:
        errors = [line for line in what.splitlines() if line.startswith("error ")]
        raise Failed(f"the certificate of the server: {(errors or ['openssl refuses it'])[0]}")
    fine, names = openssl("x509", "-in", p["leaf"], "-noout", "-ext", "subjectAltName")
    if not fine or not any(is_of_host(name, host) for name in re.findall(r"DNS:([^,\s]+)", names)):
        raise Failed(f"the certificate is not of {host}")
    if session.scheme not in TLS_SCHEMES:
        raise Failed(f"a signature of the scheme {session.scheme:#06x}")
    fine, key = openssl("x509", "-in", p["leaf"], "-noout", "-pubkey")
    key = in_files(key=key.encode() + b"\n")["key"]
    _, text = openssl("pkey", "-pubin", "-in", key, "-noout", "-text")
    curve = {0x0403: "prime256v1", 0x0503: "secp384r1"}.get(session.scheme)
    if curve is not None and curve not in text:
        raise Failed("the scheme of the server's signature is not of its key")
    digest = TLS_SCHEMES[session.scheme]
    if digest is None:
        done = openssl("pkeyutl", "-verify", "-pubin", "-inkey", key, "-rawin", "-in", p["data"],
                       "-sigfile", p["signature"])
    else:
        padding = [] if curve else ["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:digest"]
        done = openssl("dgst", f"-{digest}", *padding, "-verify", key, "-signature", p["signature"], p["data"])
    if not done[0]:
        raise Failed("the server's signature over the handshake does not hold")


class Attestation:
    """What a relay signed (docs/formats-evidence.md, "Sessions")."""

    FORM = re.compile(
        r"pressmark relay session 1\nsession [0-9a-f]{32}\ntarget ([A-Za-z0-9._-]{1,253}):(0|[1-9][0-9]{0,4})\n"
        r"peer (\S+)\nbegin (\S+)\nend (\S+)\nsent (0|[1-9][0-9]*) ([0-9a-f]{64})\n"
        r"received (0|[1-9][0-9]*) ([0-9a-f]{64})\n")

    def __init__(self, note):
        body, parted, signatures = note.decode().rpartition("\n\n")
        match = self.FORM.fullmatch(body + "\n")
        if len(note) > NOTE_BYTES_MAX or not parted or match is None:
            raise Failed("the relay's note is not of the form")
        self.body = (body + "\n").encode()
        self.host, port, self.peer, self.begin, self.end, *flows = match.groups()
        self.port = int(port)
        self.flows = {"sent": (int(flows[0]), flows[1]), "received": (int(flows[2]), flows[3])}
        self.from_, self.to = unix_date(self.begin), unix_date(self.end)
        if self.from_ is None or self.to is None or self.from_ > self.to:
            raise Failed("the relay's note is not of the form")
        self.signatures = []
        for line in signatures.removesuffix("\n").split("\n"):
            signer = re.fullmatch("\u2014 ([^\\s+]+) (\\S+)", line)
            if signer is None or len(data := unbase64(signer.group(2))) < 4:
                raise Failed("the relay's note has a signature that is none")
            self.signatures.append((signer.group(1), data[:4], data[4:]))

    def relay(self, keys):
        """Name of the relay, and whether one of the keys signed; without keys the name that it gives itself."""
        for key in keys:
            if (any(name == key.name and identity == key.id and signed(key.public, self.body, signature)
                    for name, identity, signature in self.signatures)):
                return key.name, True
        if keys or len(self.signatures) != 1:
            raise Failed("no relay whose key was given has signed the session")
        return self.signatures[0][0], False


def is_of(attestation, url, date):
    """That a session is of what the record says: its host and port, and its time."""
    parts = urllib.parse.urlsplit(unbracketed(url))
    host = (parts.hostname or "").rstrip(".")
    if parts.scheme != "https":
        raise Failed("the record is of no https address")
    if host.lower() != attestation.host.lower() or (parts.port or 443) != attestation.port:
        raise Failed(f"the session is with {attestation.host}:{attestation.port}, and the record of {parts.netloc}")
    when = unix_date(date)
    if when is None or when < attestation.from_ - CLOCK_SKEW_MAX or when > attestation.to + CLOCK_SKEW_MAX:
        raise Failed(f"the record is of {date}, and the session of {attestation.begin} to {attestation.end}")


def head_of(response):
    """Status and fields of a response, and where its body begins."""
    end = header_end(response)
    lines = re.split(rb"\r?\n", response[:end] if end >= 0 else response)
    words = lines[0].split(b" ")
    fields = {}
    for line in lines[1:]:
        name, _, value = line.partition(b":")
        fields.setdefault(name.strip().lower(), []).append(value.strip())
    return (int(words[1]) if len(words) > 1 and words[1].isdigit() else 0), fields, end


def is_chunked(fields):
    return b"chunked" in b",".join(fields.get(b"transfer-encoding", [])).lower()


# Characters, and steps, that an address is not asked for with as they stand.
REWRITTEN = re.compile(r"[^!#-&(-;=?-Z_a-z~]|(?:^|/)(?:\.|%2e){1,2}(?:/|$)", re.I)


def asks_for(request, url):
    """That a request is one GET of this address and nothing more: a server has other pages, too."""
    head, parted, rest = request.partition(b"\r\n\r\n")
    if not parted or rest:
        raise Failed("the request is not one head and nothing more")
    line, *lines = head.split(b"\r\n")
    plain = unbracketed(url).partition("#")[0]
    target = re.search(r"[/?].*|$", plain.split("://", 1)[-1], re.S).group()
    target = target if target.startswith("/") else f"/{target}"
    if line != f"GET {target} HTTP/1.1".encode():
        if REWRITTEN.search(target):
            raise Unchecked("how this address is written in a request is not known here; `pressmark prove --check` does")
        raise Failed(f"what was asked for is {line.decode(errors='replace')!r}, and the record is of {plain}")
    hosts = []
    for field in lines:
        match = re.fullmatch(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\r\n\0]*?)[ \t]*", field)
        if match is None:
            raise Failed("the request is written so that servers may read it in several ways")
        if match.group(1).lower() == b"host":
            hosts.append(match.group(2).lower())
    parts = urllib.parse.urlsplit(plain)
    host = (parts.hostname or "") + (f":{parts.port}" if parts.port not in (None, 443) else "")
    if hosts != [host.encode()]:
        raise Failed(f"the request names another host than {host}, or several")


def check_whole(response, is_closed):
    """That a response goes on to the end that its head announces, and no further (RFC 9112 section 6.3)."""
    cut = "the session ends before the response does, and the record does not say so"
    while True:
        status, fields, at = head_of(response)
        if at < 0:
            raise Failed(cut)
        if not 100 <= status < 200 or status == 101:
            break
        response = response[at:]
    lengths = set(fields.get(b"content-length", []))
    if status in (204, 304):
        end = at
    elif is_chunked(fields):
        end = chunks(response, at)[1]
    elif len(lengths) == 1 and (length := lengths.pop()).isdigit():
        end = at + int(length)
    elif is_closed:
        return
    else:
        raise Failed("the server did not say that the response is whole")
    if end is None or end > len(response):
        raise Failed(cut)
    if end < len(response):
        raise Failed(f"{len(response) - end} bytes follow the response in the session")


def chunks(response, at):
    """The parts of a body in chunks (RFC 9112 section 7.1), and where it ends; None where it ends before its last chunk."""
    out = []
    while True:
        end = response.find(b"\r\n", at)
        if end < 0:
            return out, None
        size = response[at:end].split(b";")[0].strip()
        if not re.fullmatch(rb"[0-9A-Fa-f]{1,15}", size):
            raise Unchecked("the chunks of the session's response are not read here; `pressmark prove --check` does")
        length, at = int(size, 16), end + 2
        if length == 0:
            break
        out.append(response[at:at + length])
        if response[at + length:at + length + 2] not in (b"\r\n", b"\r", b""):
            raise Unchecked("the chunks of the session's response are not read here; `pressmark prove --check` does")
        at += length + 2
        if at > len(response):
            return out, None
    # Trailer fields, to an empty line.
    while (end := response.find(b"\r\n", at)) != at:
        if end < 0:
            return out, None
        at = end + 2
    return out, at + 2


def payload_of(response):
    """The payload of a response: without the framing of chunks."""
    _, fields, at = head_of(response)
    if not is_chunked(fields):
        lengths = fields.get(b"content-length", [])
        return response[at:at + int(lengths[0])] if lengths and lengths[0].isdigit() else response[at:]
    return b"".join(chunks(response, at)[0])


class Claimed:
    """What the records say that a session was; `payload` is the digest that a revisit states."""

    def __init__(self, url, date, request, response, interim=b"", payload=None, is_cut=False):
        self.url, self.date, self.request, self.response = url, date, request, response
        self.interim, self.payload, self.is_cut = interim, payload, is_cut


SAYS_CUT = ", which says itself that it was cut"


def check_plaintext(session, claimed):
    """That the plaintext is what the records hold."""
    if session.sent != claimed.request:
        raise Failed("what was sent is not the request record")
    if not session.received.startswith(claimed.interim):
        raise Failed("what was received does not begin with the interim responses")
    rest, response = session.received[len(claimed.interim):], claimed.response
    if not claimed.is_cut:
        check_whole(rest, session.is_closed)
    if claimed.payload is not None:
        if not rest.startswith(response):
            raise Failed("what was received does not begin with the head of the revisit")
        algorithm, expected = digest_of(claimed.payload)
        if hashlib.new(algorithm, payload_of(rest)).digest() != expected:
            raise Failed("what was received has another payload digest than the revisit states")
        return
    if not rest.startswith(response):
        raise Failed("what was received is not the response record")
    if len(rest) > len(response) and not claimed.is_cut:
        raise Failed(f"{len(rest) - len(response)} bytes follow the response record in the session")


def session_parts(said, records):
    """The records of a session that are kept beside the capture, each with the end of its media type."""
    parts = []
    for entry, record in zip(said["records"], records()):
        media_type = record.fields.text("Content-Type") or ""
        # What stands beside the payload of a revisit is of an earlier session.
        if entry["role"] == "exchange" and media_type.startswith(SESSION):
            parts.append((media_type.removeprefix(SESSION), record))
    return parts


def check_session(files, said, records, known):
    listed = session_parts(said, records)
    parts = dict(listed)
    if len(parts) != len(listed):
        raise Failed("a part of the session stands twice")
    if set(parts) != {"relay-note", "tls-sent", "tls-received", "tls-secrets"}:
        raise Failed("parts of the session are missing")
    data = get(files, said["warc"])

    def block(record):
        if record.place is None:
            raise Failed("the request of the session is withheld")
        offset, length = record.place
        return block_of(data[offset:offset + length], said["warc"])

    main, request, interim = None, None, b""
    for entry, record in zip(said["records"], records()):
        if entry["role"] == "capture":
            main, url, date = record, entry["uri"], entry["date"]
        elif entry["role"] == "exchange" and entry["type"] == "request":
            request = record
        elif entry["role"] == "exchange" and (record.fields.text("Content-Type") or "").startswith("application/http"):
            interim += block(record)
    if main is None or request is None:
        raise Failed("the request of the session is missing")
    payload = None
    if main.fields.text("WARC-Profile") == IDENTICAL_PAYLOAD:
        payload = main.fields.text("WARC-Payload-Digest") or fail("the revisit states no payload digest")
    cut = main.fields.text("WARC-Truncated")
    # A revisit leaves the payload out by its length: that is not said of the response, which was whole.
    is_cut = cut is not None and not (payload is not None and cut == "length")
    claimed = Claimed(url, date, block(request), block(main), interim, payload, is_cut)
    return verify_session({name: block(record) for name, record in parts.items()}, claimed, known)


def verify_session(parts, claimed, known):
    """What a session proves, from the blocks of its parts."""
    attestation = Attestation(parts["relay-note"])
    relay, is_known = attestation.relay(known.relays)
    for name in ("sent", "received"):
        data = parts[f"tls-{name}"]
        if attestation.flows[name] != (len(data), sha256(data).hex()):
            raise Failed(f"the bytes that were {name} are not those that the relay signed")
    is_of(attestation, claimed.url, claimed.date)
    asks_for(claimed.request, claimed.url)
    try:
        session = Decrypted(parts["tls-sent"], parts["tls-received"], parts["tls-secrets"])
        check_plaintext(session, claimed)
    except Unchecked as why:
        raise Absent(f"the bytes are those that {relay!a} signed; {why}") from None
    if known.tls_roots is not None:
        check_server(session, attestation.host, attestation.from_, known.tls_roots)
    what = (f"{len(session.received)} bytes came from {attestation.host} at {attestation.peer} between "
            f"{attestation.begin} and {attestation.end}, under {session.suite}, and are those of the record{SAYS_CUT if claimed.is_cut else ''}")
    missing = []
    if known.tls_roots is None:
        missing.append("whether the certificate is of that host and its key signed the handshake is not checked here "
                       "without the root certificates of that day (--tls-roots)")
    if not is_known:
        missing.append(f"the relay calls itself {relay!a}; give its key (--relay), since anyone can sign under a name")
    if missing:
        raise Absent("; ".join([what, *missing]))
    return f"{what}, under the certificate of that host, by the word of the relay {relay!a}. {TRUST}"


def check_checker(files):
    with open(os.path.abspath(__file__), "rb") as own:
        if get(files, "check.py") == own.read():
            return "check.py is this script"
    raise Absent("check.py in the bundle is another one than this script; trust the one that you had before")


# --- packages ----------------------------------------------------------------------------------

LIST, PROOF = "datapackage.json", "datapackage-digest.json"
FOLDERS = ("leaves", "proofs", "keys", "log", "timestamps", "withheld", "drand")


def as_bundle(files, warc):
    """The files below evidence/, and the records, under the names that they have in a bundle."""
    out = {}
    for path, data in files.items():
        if path == f"archive/{warc}":
            out[warc] = data
        elif path.startswith("evidence/"):
            name = path.removeprefix("evidence/")
            folder, dash, rest = name.partition("-")
            out[f"{folder}/{rest}" if dash and folder in FOLDERS else name] = data
    return out


def check_package_files(files, said):
    left = dict(files)
    left.pop(LIST, None)
    left.pop(PROOF, None)
    resources = json_of(files, LIST)["resources"]
    places = (f"archive/{said['warc']}", "indexes/index.cdx.gz", "indexes/index.idx", "pages/pages.jsonl")
    for resource in resources:
        path = resource["path"]
        if path not in left:
            raise Failed(f"{path!a} is missing, or is in the list twice")
        data = left.pop(path)
        if resource["hash"] != "sha256:" + sha256(data).hex() or resource["bytes"] != len(data):
            raise Failed(f"{path} was changed")
        if path not in places and not path.startswith("evidence/"):
            raise Failed(f"{path} is no file of a package of this program")
    for name in left:
        raise Failed(f"{name} is not in the list")
    return f"{len(resources)} files are as they were listed"


def check_package_signatures(files, keys):
    data, proof = get(files, LIST), json_of(files, PROOF)
    digest, own = "sha256:" + sha256(data).hex(), proof["signedData"]
    if proof["path"] != LIST or proof["hash"] != digest or own["hash"] != digest:
        raise Failed(f"{PROOF} is of another list of files")
    raw, public = unbase64(own["signature"]), unbase64(own["publicKey"])
    if len(raw) != 96 or not ecdsa_signed(public, digest.encode(), raw):
        raise Failed(f"the signature in {PROOF} that readers of packages check does not hold")
    by_log = proof.get("logSignature")
    if by_log is None:
        raise Failed("the list of files is not signed by the key of the log: anyone who changed a file could mend it")
    if by_log["key"] != keys()[-1].text or not signed(keys()[-1].public, data, unbase64(by_log["signature"])):
        raise Failed(f"the last key of the log did not sign {LIST}")
    return "the list is signed by the last key of the log, and by the key of packages"


def ecdsa_signed(public, data, raw):
    """Whether an ECDSA key (DER) signed bytes; the signature is its two numbers one after the other."""
    def der(tag, value):
        length = bytes([len(value)]) if len(value) < 128 else bytes([0x81, len(value)])
        return bytes([tag]) + length + value

    def integer(value):
        short = value.lstrip(b"\0") or b"\0"
        return der(2, b"\0" + short if short[0] & 0x80 else short)

    half = len(raw) // 2
    sequence = der(0x30, integer(raw[:half]) + integer(raw[half:]))
    pem = b"-----BEGIN PUBLIC KEY-----\n" + base64.encodebytes(public) + b"-----END PUBLIC KEY-----\n"
    p = in_files(key=pem, data=data, signature=sequence)
    fine, _ = openssl("dgst", "-sha256", "-verify", p["key"], "-signature", p["signature"], p["data"])
    return fine


def check_pages(files, said):
    at = re.sub(r"\.\d+Z$", "Z", said["date"])
    package = json_of(files, LIST)
    if (package["mainPageUrl"], package["mainPageDate"]) != (said["url"], at):
        raise Failed(f"the main page of {LIST} is not the capture")
    pages = [json.loads(line, object_pairs_hook=no_doubles)
             for line in text_of(files, "pages/pages.jsonl").split("\n")[1:] if line]
    if [(page["url"], page["ts"]) for page in pages] != [(said["url"], at)]:
        raise Failed("pages/pages.jsonl is not of the capture")
    return "the page is the capture"


def check_index(files, said):
    with gzip.open(io.BytesIO(get(files, "indexes/index.cdx.gz"))) as packed:
        lines = packed.read(TEXT_BYTES_MAX).decode().split("\n")
    lines = [line for line in lines if line]
    for n, line in enumerate(lines, 1):
        _, stamp, fields = line.split(" ", 2)
        fields = json.loads(fields, object_pairs_hook=no_doubles)
        if fields["filename"] != said["warc"] or not any(
                fields["offset"] == str(r["offset"]) and fields["length"] == str(r["length"])
                and fields["recordDigest"] == f"sha256:{r['sha256']}" and fields["url"] == unbracketed(r["uri"])
                and re.sub(r"[-T:]", "", r["date"])[:14] == stamp for r in said["records"]):
            raise Failed(f"line {n} of the index is of no record")
    return f"{len(lines)} lines of the index are of the records that lie there"


# --- all steps ---------------------------------------------------------------------------------


def once(make):
    """Makes a value when it is first asked for; a failure fails whoever asks."""
    done = []

    def value():
        if not done:
            try:
                done.append((make(), None))
            except Exception as why:
                done.append((None, why))
        made, why = done[0]
        if why is not None:
            raise why
        return made
    return value


def steps_of(files, known):
    """The names of the steps, each with what takes it."""
    is_package = LIST in files
    own, name = files, "evidence/bundle.json" if is_package else "bundle.json"
    if is_package and name not in files:
        why = ("a package of an earlier version, or none of this program: it has no evidence/bundle.json, and "
               "nothing binds its pages and its index to the log. Have it made again from the archive")
        return [("format", lambda: fail(why))]
    try:
        said = describe(files, name)
    except Exception as why:
        return [("format", lambda why=why: fail(str(why)))]
    if is_package:
        files = as_bundle(files, said["warc"])
    newest = once(lambda: Checkpoint(text_of(files, "log/newest"), "log/newest"))
    checkpoint = once(lambda: Checkpoint(text_of(files, "checkpoint"), "checkpoint"))
    keys = once(lambda: read_keys(files, said, newest))
    records = once(lambda: read_records(files, said))
    own_files = set() if is_package else {"certificate.html", "check.py", SUMS, SUMS_SIGNATURE}
    steps = [("format", lambda: f"a {'package with a ' if is_package else ''}bundle of the format {FORMAT}")]
    if is_package:
        steps += [("files", lambda: check_package_files(own, said)),
                  ("files-signature", lambda: check_package_signatures(own, keys))]
    else:
        steps += [("files", lambda: check_files(files)),
                  ("files-signature", lambda: check_files_signature(files, keys))]
    steps += [
        ("records", lambda: check_records(records)),
        ("leaves", lambda: check_leaves(files, records)),
        ("description", lambda: check_description(files, said, records, own_files)),
        ("inclusion", lambda: check_inclusion(files, said, checkpoint)),
        ("checkpoint", lambda: check_checkpoint(said, checkpoint, keys)),
        ("keys", lambda: check_keys(keys)),
        ("consistency", lambda: check_consistency(files, said, newest, checkpoint, keys)),
        ("key", lambda: check_key(keys, known)),
        ("published", lambda: check_published(files, keys, newest, known)),
        ("timestamps", lambda: check_timestamps(files, said, known.roots)),
        ("interval", lambda: check_interval(files, said, records, checkpoint, known)),
        ("witnesses", lambda: check_witnesses(files, said, newest, keys, known.policy)),
    ]
    if ANCHORED in files or OTS in files:
        steps.append(("bitcoin", lambda: check_bitcoin(files, said, newest, keys, known.headers)))
    try:
        has_session = bool(session_parts(said, records))
    except Exception:
        has_session = False  # what is wrong with the records, their own step tells
    if has_session:
        steps.append(("session", lambda: check_session(files, said, records, known)))
    if is_package:
        return steps + [("pages", lambda: check_pages(own, said)), ("index", lambda: check_index(own, said))]
    return steps + [("checker", lambda: check_checker(files))]


def fail(why):
    raise Failed(why)


class Known:
    """What is known besides the bundle."""

    def __init__(self, args):
        self.key, self.roots, self.policy = None, None, None
        if args.key:
            text = args.key
            if os.path.isfile(text):
                with open(text, encoding="utf-8") as file:
                    text = file.read()
            # A file may list several; the last one is in force.
            self.key = Key([line for line in text.splitlines() if line.strip()][-1]).text
        if args.roots:
            with open(args.roots, "rb") as file:
                self.roots = file.read()
        if args.policy:
            with open(args.policy, "rb") as file:
                self.policy = Policy(file.read())
        self.chains = []
        if args.drand:
            with open(args.drand, "rb") as file:
                self.chains.append(Chain(file.read(), args.drand).hash)
        self.headers = {}
        if args.bitcoin_headers:
            with open(args.bitcoin_headers, encoding="utf-8") as file:
                self.headers = bitcoin_headers(file.read())
        self.relays, self.tls_roots = [Key(text) for text in args.relay or []], None
        if args.tls_roots:
            with open(args.tls_roots, "rb") as file:
                self.tls_roots = file.read()
        self.kept = []
        for name in args.checkpoint or []:
            with open(name, "rb") as file:
                self.kept.append((name, file.read()))


def printable(text):
    return "".join(c if c.isprintable() else "\ufffd" for c in text)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("bundle", nargs="?", default=os.path.dirname(os.path.abspath(__file__)))
    parser.add_argument("--key")
    parser.add_argument("--checkpoint", action="append")
    parser.add_argument("--roots")
    parser.add_argument("--policy")
    parser.add_argument("--drand")
    parser.add_argument("--bitcoin-headers")
    parser.add_argument("--relay", action="append")
    parser.add_argument("--tls-roots")
    args = parser.parse_args()
    try:
        known = Known(args)
    except (Failed, OSError, IndexError) as why:
        parser.error(str(why))
    failed = False
    try:
        steps = steps_of(load(args.bundle), known)
    except (Failed, OSError) as why:
        print(f"failed  zip: {printable(str(why))}")
        return 1
    for name, step in steps:
        try:
            label, what = "ok", step()
        except Absent as why:
            label, what = "absent", str(why)
        except Exception as why:  # whatever is wrong with a bundle is its failure, not ours
            failed = True
            label, what = "failed", str(why) if isinstance(why, Failed) else f"{type(why).__name__}: {why}"
        print(f"{label:7} {name}: {printable(what)}")
    return 1 if failed else 0


if __name__ == "__main__":
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")
    sys.exit(main())
