#!/usr/bin/env python3
"""A small witness (c2sp.org/tlog-witness) for the tests: another implementation than the program's, by the package cryptography.

    python3 witness.py NAME LOG-VKEY

Prints its address, then its keys, a line each: Ed25519, and ML-DSA-44 where the package has it (48 or later). It cosigns with both,
and keeps its state in memory. With ML-DSA-44 it cosigns no checkpoint that has extension lines, which that signature would not
cover.
"""

import base64
import hashlib
import http.server
import struct
import sys
import time

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ed25519

try:
    from cryptography.hazmat.primitives.asymmetric import mldsa
except ImportError:
    mldsa = None


def sha256(data):
    return hashlib.sha256(data).digest()


def key_id(name, kind, public):
    return sha256(name.encode() + b"\n" + bytes([kind]) + public)[:4]


def is_consistent(old_size, old_root, size, root, proof):
    """RFC 6962, section 2.1.2, from above: takes the proof apart as it was put together."""
    hashes = list(proof)

    def node(left, right):
        return sha256(b"\1" + left + right)

    def walk(m, n, is_whole):
        """The roots of the first m leaves and of all n, of which m are the older tree's."""
        if m == n:
            known = old_root if is_whole else hashes.pop(0)
            return known, known
        k = 1 << (n - 1).bit_length() - 1
        # The last of the proof is the sibling at the top, so the inner part comes first.
        if m <= k:
            older, newer = walk(m, k, is_whole)
            return older, node(newer, hashes.pop(0))
        older, newer = walk(m - k, n - k, False)
        left = hashes.pop(0)
        return node(left, older), node(left, newer)

    if old_size == size:
        return not hashes and old_root == root
    try:
        older, newer = walk(old_size, size, True)
    except IndexError:
        return False
    return not hashes and older == old_root and newer == root


class Witness:
    def __init__(self, name, log):
        self.name, self.size, self.root = name, 0, None
        self.origin, _, key = log.split("+", 2)
        data = base64.b64decode(key)
        assert data[0] == 1, "the log has an Ed25519 key"
        self.log_id, self.log_key = key_id(self.origin, 1, data[1:]), ed25519.Ed25519PublicKey.from_public_bytes(data[1:])
        self.key = ed25519.Ed25519PrivateKey.generate()
        try:
            self.pq = mldsa.MLDSA44PrivateKey.generate() if mldsa else None
        except UnsupportedAlgorithm:
            # The OpenSSL that the package was built with is too old for it.
            self.pq = None

    def keys(self):
        kinds = [(4, self.key.public_key().public_bytes_raw())]
        if self.pq:
            kinds.append((6, self.pq.public_key().public_bytes_raw()))
        return [(kind, public, key_id(self.name, kind, public)) for kind, public in kinds]

    def vkeys(self):
        return [f"{self.name}+{identity.hex()}+{base64.b64encode(bytes([kind]) + public).decode()}"
                for kind, public, identity in self.keys()]

    def add(self, body):
        head, _, note = body.partition("\n\n")
        old, *proof = head.split("\n")
        text, _, signatures = note.rpartition("\n\n")
        origin, size, root, *extensions = text.split("\n")
        old, size, root = int(old.removeprefix("old ")), int(size), base64.b64decode(root)
        if origin != self.origin:
            return 404, "unknown log\n"
        if not any(self.is_of_log(line, text + "\n") for line in signatures.splitlines()):
            return 403, "no signature of the log\n"
        if old > size:
            return 400, "old is larger\n"
        if old != self.size:
            return 409, f"{self.size}\n"
        if self.size and not is_consistent(self.size, self.root, size, root, [base64.b64decode(h) for h in proof]):
            return 422, "not consistent\n"
        self.size, self.root = size, root
        return 200, "".join(self.cosign(kind, identity, text + "\n", size, root)
                            for kind, _, identity in self.keys() if kind == 4 or not extensions)

    def is_of_log(self, line, text):
        name, _, data = line.removeprefix("\u2014 ").partition(" ")
        data = base64.b64decode(data)
        if name != self.origin or data[:4] != self.log_id:
            return False
        try:
            self.log_key.verify(data[4:], text.encode())
            return True
        except InvalidSignature:
            return False

    def cosign(self, kind, identity, text, size, root):
        now = int(time.time())
        if kind == 4:
            signature = self.key.sign(f"cosignature/v1\ntime {now}\n{text}".encode())
        else:
            name, origin = (bytes([len(t.encode())]) + t.encode() for t in (self.name, self.origin))
            signature = self.pq.sign(b"subtree/v1\n\0" + name + struct.pack(">Q", now) + origin
                                     + struct.pack(">QQ", 0, size) + root)
        data = identity + struct.pack(">Q", now) + signature
        return f"\u2014 {self.name} {base64.b64encode(data).decode()}\n"


def main():
    witness = Witness(*sys.argv[1:3])

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            status, said = witness.add(body) if self.path == "/add-checkpoint" else (404, "")
            said = said.encode()
            self.send_response(status)
            self.send_header("Content-Type", "text/x.tlog.size" if status == 409 else "text/plain")
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    print(f"http://127.0.0.1:{server.server_address[1]}", *witness.vkeys(), "", sep="\n", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
