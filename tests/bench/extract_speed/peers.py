"""The Python extractors of the speed bench: peers.py NAME FOLDER PASSES; see ../extract_speed.py."""

import pathlib
import sys

name, folder, passes = sys.argv[1], pathlib.Path(sys.argv[2]), int(sys.argv[3])
pages = [path.read_bytes() for path in sorted(folder.iterdir())]

if name == "resiliparse":
    from resiliparse.extract.html2text import extract_plain_text
    from resiliparse.parse.encoding import bytes_to_str, detect_encoding

    def extract(page):
        return extract_plain_text(bytes_to_str(page, detect_encoding(page)), main_content=True)
else:
    import trafilatura

    def extract(page):
        return trafilatura.extract(page, with_metadata=True,
                                   fast=name == "trafilatura-fast")

text = failed = 0
for _ in range(passes):
    text = failed = 0
    for page in pages:
        try:
            text += len((extract(page) or "").encode())
        except Exception:  # a page one of them cannot read still counts
            failed += 1
print(f"{len(pages)} pages, {text} bytes of text, {failed} failed")
