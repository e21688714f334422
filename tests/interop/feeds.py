"""Reads a feed of changes with feedparser, which shares no code with us.

usage: feeds.py FEED COUNT

Ends with 1 when the feed is not well-formed or lacks what a reader needs, with 77 without feedparser.
"""

import sys

try:
    import feedparser
except ImportError:
    print("feedparser is not installed")
    sys.exit(77)

feed = feedparser.parse(sys.argv[1])
problems = []
if feed.bozo:
    problems.append(f"not well-formed: {feed.bozo_exception}")
if len(feed.entries) != int(sys.argv[2]):
    problems.append(f"{len(feed.entries)} entries for {sys.argv[2]} changes")
if not feed.feed.get("title"):
    problems.append("the feed has no title")
seen = set()
for at, entry in enumerate(feed.entries):
    for field in ("title", "link", "id", "summary"):
        if not entry.get(field):
            problems.append(f"entry {at} has no {field}")
    if not (entry.get("published_parsed") or entry.get("updated_parsed")):
        problems.append(f"entry {at} has no time that can be read")
    if not entry.get("tags"):
        problems.append(f"entry {at} names no kind")
    if entry.get("id") in seen:
        problems.append(f"entry {at} has the identifier of another: {entry.id}")
    seen.add(entry.get("id"))
print(f"{feed.version}: {len(feed.entries)} entries")
print("\n".join(problems))
sys.exit(1 if problems else 0)
