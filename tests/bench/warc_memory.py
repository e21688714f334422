"""Peak memory of the commands that read WARC files, on files that are made to take much of it.

    python3 tests/bench/warc_memory.py target/release/pressmark [NAME…]

Makes each file in a temporary folder, runs every command on it, and prints the peak of each process in MiB, and
its exit code where it is neither 0 nor 4. Ends with 1 where a peak is over 64 MiB, the bound that
docs/formats.md states. Takes some minutes and 2 GB of disk.
"""

import gzip
import io
import json
import os
import resource
import shutil
import struct
import subprocess
import sys
import tempfile
import zipfile
import zlib

LIMIT_MIB = 64


def record(kind, url, block, *fields, length=None):
    lines = [f"WARC-Type: {kind}", f"WARC-Target-URI: {url}", "WARC-Date: 2025-11-05T00:00:00Z"]
    lines += fields
    lines.append(f"Content-Length: {len(block) if length is None else length}")
    head = "WARC/1.1\r\n" + "".join(line + "\r\n" for line in lines) + "\r\n"
    return head.encode("latin-1"), block


def identifier(number):
    return f"<urn:uuid:{number:08x}-0000-4000-8000-000000000000>"


def packed(out, head, block):
    out.write(gzip.compress(head + block + b"\r\n\r\n", 1, mtime=0))


HTTP = "Content-Type: application/http; msgtype=response"
ASKED = "Content-Type: application/http; msgtype=request"


def window(out):
    """A zstd frame that asks for a window of 128 MiB, and has a gigabyte for it, of a few kilobytes."""
    blocks = 8192
    head, _ = record("resource", "http://a.example/", b"", "Content-Type: text/plain",
                     length=blocks * 131072)
    out.write(b"\x28\xb5\x2f\xfd" + bytes([0x00, 17 << 3]))
    out.write(struct.pack("<I", len(head) << 3)[:3] + head)
    rle = struct.pack("<I", 131072 << 3 | 2)[:3]
    out.write((rle + b"x") * blocks)
    out.write(struct.pack("<I", 4 << 3 | 1)[:3] + b"\r\n\r\n")


def window_given(out):
    """The same with the largest window that is given."""
    blocks = 4096
    head, _ = record("resource", "http://a.example/", b"", "Content-Type: text/plain",
                     length=blocks * 131072)
    out.write(b"\x28\xb5\x2f\xfd" + bytes([0x00, 15 << 3]))
    out.write(struct.pack("<I", len(head) << 3)[:3] + head)
    rle = struct.pack("<I", 131072 << 3 | 2)[:3]
    out.write((rle + b"x") * blocks)
    out.write(struct.pack("<I", 4 << 3 | 1)[:3] + b"\r\n\r\n")


def long_fields(out):
    """Headers just under the limit: one field of it all, of blanks, of bytes that are escaped, and many fields."""
    size = 8_000_000
    for text in ["x" * size, "\xe9" * size, " " * size, "=?x " * (size // 4), "<" * size]:
        for field in ["WARC-Target-URI", "WARC-Payload-Digest", "WARC-Refers-To", "X-Any"]:
            head, block = record("response", "http://a.example/", b"HTTP/1.1 200 OK\r\n\r\n", HTTP,
                                 f"{field}: {text}")
            packed(out, head, block)
    fields = [f"WARC-Concurrent-To: <urn:{n}>" for n in range(99_000)]
    packed(out, *record("response", "http://a.example/", b"HTTP/1.1 200 OK\r\n\r\n", HTTP, *fields))
    fields = [f"WARC-Refers-To: {n}" for n in range(99_000)]
    packed(out, *record("response", "http://a.example/", b"HTTP/1.1 200 OK\r\n\r\n", HTTP, *fields))


def long_urls(out):
    """Lines of a megabyte: more of them than fit into memory, in many runs."""
    for number in range(1500):
        url = f"http://a.example/{number:05}/" + "\xe9%" * 31_000
        packed(out, *record("response", url, b"HTTP/1.1 200 OK\r\n\r\n", HTTP))


def posts(out):
    """Bodies of POST requests: JSON of many small values, a form, a multipart of one part."""
    bodies = [
        ("application/json", b"[" + b"1," * 2_000_000 + b"1]"),
        ("application/json", b"[" + b"{}," * 1_300_000 + b"1]"),
        ("application/json", b"{" + b",".join(b'"%d":[]' % n for n in range(300_000)) + b"}"),
        ("application/json", b"{" + b",".join(b'"%d":%d' % (n, n) for n in range(300_000)) + b"}"),
        ("application/json", b"[" * 2_000_000),
        ("application/x-www-form-urlencoded", b"a=%20" * 800_000),
        ("multipart/form-data; boundary=x",
         b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n' + b"\xff" * 4_000_000 + b"\r\n--x--"),
    ]
    for number, (kind, body) in enumerate(bodies):
        response, request = identifier(2 * number), identifier(2 * number + 1)
        url = f"http://a.example/{number}"
        packed(out, *record("response", url, b"HTTP/1.1 200 OK\r\n\r\n", HTTP, f"WARC-Record-ID: {response}"))
        head = f"POST / HTTP/1.1\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        packed(out, *record("request", url, head + body, ASKED, f"WARC-Record-ID: {request}",
                            f"WARC-Concurrent-To: {response}"))


def http_heads(out):
    """Heads of HTTP messages just under the limit."""
    for body in [b"a\n" * 3_900_000, b"A: b\n" * 1_500_000, b" \n" * 3_900_000,
                 b"A: " + b"b\n " * 2_500_000, b"Content-Type: " + b"x" * 7_500_000 + b"\r\n",
                 b"Transfer-Encoding: " + b"a," * 3_500_000 + b"\r\n",
                 b"Content-Encoding: " + b"gzip," * 1_500_000 + b"\r\n"]:
        packed(out, *record("response", "http://a.example/", b"HTTP/1.1 200 OK\r\n" + body + b"\r\nbody", HTTP,
                            "WARC-Payload-Digest: sha1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"))


def bodies(out):
    """Bodies that become a gigabyte, with digests of something else."""
    digest = "WARC-Payload-Digest: sha1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    zeros = gzip.compress(bytes(300_000_000), 9, mtime=0)
    for fields in ["Content-Encoding: gzip", "Transfer-Encoding: gzip", "Content-Encoding: gzip, gzip"]:
        body = gzip.compress(zeros, 9, mtime=0) if "gzip, gzip" in fields else zeros
        head = f"HTTP/1.1 200 OK\r\n{fields}\r\n\r\n".encode()
        packed(out, *record("response", "http://a.example/", head + body, HTTP, digest))
    noise = os.urandom(40_000_000)
    chunks = b"".join(b"%x\r\n" % 8192 + noise[at:at + 8192] + b"\r\n" for at in range(0, 39_000_000, 8192))
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"
    packed(out, *record("response", "http://a.example/", head + chunks + b"0\r\n\r\n", HTTP, digest))
    pack = zlib.compressobj(9, zlib.DEFLATED, 31)
    head, _ = record("resource", "http://a.example/", b"", "Content-Type: text/plain", length=1 << 30)
    out.write(pack.compress(head))
    for _ in range(1024):
        out.write(pack.compress(bytes(1 << 20)))
    out.write(pack.compress(b"\r\n\r\n") + pack.flush())


def damage(out):
    """A million records that are none."""
    head, block = record("resource", "http://a.example/", b"x", "Content-Type: text/plain")
    out.write(head + block + b"\r\n\r\n")
    for _ in range(20):
        out.write(b"WARC/1.1\r\nContent-Length: none\r\n\r\n" * 50_000)


def damaged_members(out):
    """Three hundred thousand members whose checksums are wrong, and three findings for each."""
    head, block = record("resource", "nonsense", b"x", "WARC-IP-Address: nowhere")
    member = gzip.compress(head + block + b"\r\n\r\n", 9, mtime=0)
    out.write((member[:-5] + bytes([member[-5] ^ 1]) + member[-4:]) * 300_000)


def links(out):
    """More links than are remembered, none of which leads anywhere."""
    for number in range(600_000):
        head, block = record("revisit" if number % 2 else "response", f"http://a.example/{number}", b"",
                             f"WARC-Record-ID: {identifier(number)}",
                             f"WARC-Concurrent-To: {identifier(number + 10_000_000)}",
                             f"WARC-Warcinfo-ID: {identifier(number + 20_000_000)}",
                             f"WARC-Refers-To: {identifier(number + 30_000_000)}",
                             "WARC-Payload-Digest: md5:d41d8cd98f00b204e9800998ecf8427e")
        out.write(head + block + b"\r\n\r\n")


def record_lengths(out):
    """Plain records that say they are long, and are not."""
    for number in range(200_000):
        head, block = record("resource", f"http://a.example/{number}", b"x", length=1 << 40)
        out.write(head + block + b"\r\n\r\n")


def entries(out):
    """A ZIP directory of two million entries, and an end that says there are more."""
    out.write(b"PK\x03\x04" + bytes(26))
    entry = b"PK\x01\x02" + bytes(24) + struct.pack("<HHH", 8, 0, 0) + bytes(12)
    count = 2_000_000
    for number in range(0, count, 1000):
        out.write(b"".join(entry + b"%08d" % (number + n) for n in range(1000)))
    start, size = 30, count * (46 + 8)
    at = out.tell()
    out.write(b"PK\x06\x06" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, 1 << 40, 1 << 40, size, start))
    out.write(b"PK\x06\x07" + struct.pack("<IQI", 0, at, 1))
    out.write(b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 65535, 65535, 0xFFFFFFFF, 0xFFFFFFFF, 0))


def package(out, files):
    """A ZIP of deflated files, made by hand so that names may be there twice."""
    directory = b""
    for name, data in files:
        pack = zlib.compressobj(9, zlib.DEFLATED, -15)
        body = pack.compress(data) + pack.flush()
        at = out.tell()
        about = struct.pack("<HHHHIII", 0, 8, 0, 0, zlib.crc32(data), len(body), len(data))
        out.write(b"PK\x03\x04" + struct.pack("<H", 20) + about + struct.pack("<HH", len(name), 0) + name + body)
        directory += (b"PK\x01\x02" + struct.pack("<HH", 20, 20) + about
                      + struct.pack("<HHHHHII", len(name), 0, 0, 0, 0, 0, at) + name)
    at = out.tell()
    out.write(directory + b"PK\x05\x06"
              + struct.pack("<HHHHIIH", 0, 0, len(files) % 65536, len(files) % 65536, len(directory), at, 0))


def sound():
    head, block = record("resource", "http://a.example/", b"x", "Content-Type: text/plain")
    return gzip.compress(head + block + b"\r\n\r\n", mtime=0)


def list_of_files(out):
    """datapackage.json of what becomes much in memory, of a few kilobytes."""
    much = b'{"resources": [' + b'{"path": [' + b"1," * 3_000_000 + b"1]}," + b"{}," * 3_000_000 + b"{}]}"
    package(out, [(b"datapackage.json", much), (b"archive/a.warc.gz", sound())])


def long_list(out):
    """datapackage.json of 200 MB: files that are not there, texts as long as are read, and no end."""
    text = b'{"path": "' + b"x" * 1_000_000 + b'", "hash": "' + b"y" * 1_000_000 + b'"},'
    much = b'{"resources": [' + text * 50 + b'{"path":"pages/x","hash":"sha256:0"},' * 3_000_000
    package(out, [(b"datapackage.json", much), (b"archive/a.warc.gz", sound())])


def many_files(out):
    """As many files as are read, with paths as long as are kept, all of them listed."""
    paths = [b"pages/%06d-" % n + b"x" * 60 for n in range(99_000)]
    hash_of = "sha256:" + "0" * 64
    listed = [{"name": p.decode(), "path": p.decode(), "bytes": 1, "hash": hash_of} for p in paths]
    text = json.dumps({"resources": listed, "x": [{"resources": []}]}).encode()
    package(out, [(p, b"x") for p in paths] + [(b"datapackage.json", text), (b"archive/a.warc.gz", sound())])


def over_each_other(out):
    """Fifty thousand entries for one that unpacks to ten megabytes."""
    data = gzip.compress(bytes(10_000_000), 9, mtime=0)[10:-8]
    crc = zlib.crc32(bytes(10_000_000))
    about = struct.pack("<HHHHIII", 0, 8, 0, 0, crc, len(data), 10_000_000)
    out.write(b"PK\x03\x04" + struct.pack("<H", 20) + about + struct.pack("<HH", 8, 0) + b"a" * 8 + data)
    at = out.tell()
    for number in range(50_000):
        out.write(b"PK\x01\x02" + struct.pack("<HH", 20, 20) + about + struct.pack("<HHHHHII", 12, 0, 0, 0, 0, 0, 0)
                  + b"archive/%04x" % number)
    size = out.tell() - at
    out.write(b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 50_000, 50_000, size, at, 0))


def long_paths(out):
    """Paths of 60 kilobytes."""
    files = [(b"archive/%03d" % n + b"\xff" * 60_000 + b".warc.gz", sound()) for n in range(100)]
    package(out, [(b"datapackage.json", b'{"resources": []}')] + files)


def stored(out, files):
    """A ZIP of stored files."""
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as zip_file:
        for name, data in files:
            zip_file.writestr(name, data)


def nested(out):
    """As many files as are read, at each of three levels."""
    data = None
    for level in range(3):
        files = [("pages/%06d" % n, b"x") for n in range(90_000)]
        files += [("archive/a.warc.gz", sound())] + ([("in.wacz", data)] if data else [])
        whole = io.BytesIO()
        stored(whole, files)
        data = whole.getvalue()
    out.write(data)


FILES = {
    "window.warc.zst": window,
    "window-given.warc.zst": window_given,
    "long-fields.warc.gz": long_fields,
    "long-urls.warc.gz": long_urls,
    "posts.warc.gz": posts,
    "http-heads.warc.gz": http_heads,
    "bodies.warc.gz": bodies,
    "damage.warc": damage,
    "damaged-members.warc.gz": damaged_members,
    "links.warc": links,
    "record-lengths.warc": record_lengths,
    "entries.wacz": entries,
    "list-of-files.wacz": list_of_files,
    "long-list.wacz": long_list,
    "many-files.wacz": many_files,
    "over-each-other.wacz": over_each_other,
    "long-paths.wacz": long_paths,
    "nested.wacz": nested,
}

COMMANDS = {
    "index": ["index", "-j", "1", "FILE"],
    "index -j 2": ["index", "-j", "2", "FILE"],
    "verify": ["verify", "FILE"],
    "to .warc.gz": ["recompress", "FILE", "OUT.warc.gz"],
    "to .warc.zst": ["recompress", "FILE", "OUT.warc.zst"],
    "with a dictionary": ["recompress", "--dictionary", "FILE", "OUT.warc.zst"],
    "repair": ["repair", "FILE", "OUT.warc.gz"],
    "import": ["import", "--lenient", "FILE"],
}


def peak(command):
    """Peak of a process in MiB, and its exit code; measured in a process between, which has no other child."""
    script = (
        "import resource, subprocess, sys\n"
        "done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)\n"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024, done.returncode)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, *command], stdout=subprocess.PIPE, check=True)
    mib, code = done.stdout.split()
    return int(mib), int(code)


def main():
    binary = os.path.abspath(sys.argv[1])
    names = sys.argv[2:] or list(FILES)
    over = False
    print("| file | MB | " + " | ".join(COMMANDS) + " |")
    print("|---|---|" + "---|" * len(COMMANDS))
    print("| (none) | | " + " | ".join([str(peak([binary, "--version"])[0])] * len(COMMANDS)) + " |")
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, name)
            with open(path, "wb") as out:
                FILES[name](out)
            cells = []
            for command in COMMANDS.values():
                work = os.path.join(folder, "work")
                os.mkdir(work)
                archive = os.path.join(work, "archive")
                subprocess.run([binary, "init", archive], check=True, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
                places = {"FILE": path, "OUT.warc.gz": os.path.join(work, "out.warc.gz"),
                          "OUT.warc.zst": os.path.join(work, "out.warc.zst")}
                words = [places.get(word, word) for word in command]
                mib, code = peak([binary, "--archive", archive, *words])
                over |= mib > LIMIT_MIB
                cells.append(f"{mib}" + ("" if code in (0, 4) else f" ({code})"))
                shutil.rmtree(work)
            print(f"| {name} | {os.path.getsize(path) / 1e6:.1f} | " + " | ".join(cells) + " |", flush=True)
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
