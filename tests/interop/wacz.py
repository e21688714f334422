"""Reads one of our WACZ files with other people's readers.

usage: wacz.py FILE.wacz RECORDS

py-wacz validates it, warcio reads its WARC with every digest, and its signature is checked as
ReplayWeb.page does: ECDSA of the curve P-384 over SHA-256, IEEE P1363. Prints a line for each reader, and
ends with 1 when one of them disagrees, with 77 when one is missing.
"""

import base64
import gzip
import io
import json
import subprocess
import sys
import tempfile
import zipfile

MISSING = 77


def check_py_wacz(name, _records):
    import wacz  # noqa: F401

    done = subprocess.run([sys.executable, "-c", "from wacz.main import main; import sys; "
                           "sys.exit(main(sys.argv[1:]))", "validate", "-f", name],
                          capture_output=True, text=True)
    said = done.stdout + done.stderr
    assert done.returncode == 0 and "valid" in said.lower(), f"py-wacz: {done.returncode}: {said}"
    assert "invalid" not in said.lower(), f"py-wacz: {said}"
    return "py-wacz: valid"


def check_warcio(name, records):
    from warcio.archiveiterator import ArchiveIterator

    with zipfile.ZipFile(name) as package:
        assert package.testzip() is None
        warcs = [i for i in package.infolist() if i.filename.startswith("archive/")]
        assert len(warcs) == 1 and warcs[0].compress_type == zipfile.ZIP_STORED, warcs
        warc = package.read(warcs[0])
        index = gzip.decompress(package.read("indexes/index.cdx.gz")).decode()
    ids = [r.rec_headers.get_header("WARC-Record-ID") for r in ArchiveIterator(io.BytesIO(warc))]
    assert len(ids) == records, f"warcio reads {len(ids)} records, not {records}"
    with tempfile.NamedTemporaryFile(suffix=".warc.gz") as file:
        file.write(warc)
        file.flush()
        done = subprocess.run([sys.executable, "-m", "warcio.cli", "check", file.name],
                              capture_output=True, text=True)
    assert done.returncode == 0, f"warcio check: {done.stdout}"
    for line in index.splitlines():
        fields = json.loads(line.split(" ", 2)[2])
        start = int(fields["offset"])
        one = io.BytesIO(warc[start:start + int(fields["length"])])
        found = [r.rec_headers.get_header("WARC-Target-URI") for r in ArchiveIterator(one)]
        assert found == [fields["url"]], f"{found} at {line}"
    return f"warcio: {len(ids)} records, {len(index.splitlines())} of them by the index"


def check_signature(name, _records):
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, utils

    with zipfile.ZipFile(name) as package:
        signed = json.loads(package.read("datapackage-digest.json"))["signedData"]
    key = serialization.load_der_public_key(base64.b64decode(signed["publicKey"]))
    assert isinstance(key.curve, ec.SECP384R1), key.curve
    raw = base64.b64decode(signed["signature"])
    half = len(raw) // 2
    r, s = (int.from_bytes(part, "big") for part in (raw[:half], raw[half:]))
    try:
        key.verify(utils.encode_dss_signature(r, s), signed["hash"].encode(),
                   ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        raise AssertionError("the signature is not one of the digest") from None
    return "cryptography: the signature is valid"


def main():
    name, records = sys.argv[1], int(sys.argv[2])
    missing = False
    for check in (check_py_wacz, check_warcio, check_signature):
        try:
            print(check(name, records))
        except ImportError as why:
            missing = True
            print(f"skipped: {why}")
        except AssertionError as why:
            print(f"FAILED: {why}")
            return 1
    return MISSING if missing else 0


if __name__ == "__main__":
    sys.exit(main())
