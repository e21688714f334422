#!/usr/bin/env bash
# Requests per second of the server beside pywb, on the same captures, in one run with wrk.
#
#   tests/bench/serve.sh PRESSMARK PYWB_BIN WARC...
#   tests/bench/serve.sh PRESSMARK PYWB_BIN ARCHIVE_DIR     look-ups alone, in an archive that is there
#
# PRESSMARK is the binary, PYWB_BIN the bin directory of a Python environment that has pywb. Two kinds of asking: one
# capture again and again (URL and STAMP, environment, name it; else the first), and many captures in turn (MANY, 2000: at
# most this many of the HTML pages that there are). Prints a line for each: what, who, requests per second, the 99th percentile.
# SECONDS_EACH (10), CONNECTIONS (8).
set -euo pipefail

pressmark=$(realpath "$1"); pywb=$(realpath "$2"); shift 2
dir=$(mktemp -d)
trap 'kill "${ours:-}" "${theirs:-}" 2>/dev/null || true; rm -rf "$dir"' EXIT
archive=$dir/archive
files=()
if [ -d "$1" ]; then
  archive=$(realpath "$1")
else
  for file in "$@"; do files+=("$(realpath "$file")"); done
fi
cd "$dir"

if [ ${#files[@]} -gt 0 ]; then
  "$pressmark" init --archive archive --quiet >/dev/null
  cp "${files[@]}" archive/warc/
fi
# Without the index of words: it would be made meanwhile, on one of the cores that are measured.
"$pressmark" serve --archive "$archive" --bind 127.0.0.1:0 --set serve.access_log=false --set search.index=false >ours.txt 2>ours.log &
ours=$!
for _ in $(seq 600); do [ -s ours.txt ] && break; sleep 0.5; done
base=$(sed 's#/$##;q' ours.txt)
"$pywb/wb-manager" init same >/dev/null 2>&1
if [ ${#files[@]} -gt 0 ]; then
  "$pywb/wb-manager" add same "${files[@]}" >/dev/null 2>&1
else
  "$pressmark" export --archive "$archive" --format cdxj --to lines.cdxj --quiet >/dev/null
  LC_ALL=C sort -o "collections/same/indexes/index.cdxj" lines.cdxj
fi
port=$((20000 + RANDOM % 20000))
"$pywb/wayback" -p "$port" -b 127.0.0.1 >theirs.log 2>&1 &
theirs=$!
for _ in $(seq 60); do curl -s -o /dev/null "http://127.0.0.1:$port/" && break; sleep 1; done
other="http://127.0.0.1:$port/same"

# Stamp and URL of HTML pages, spread over the archive.
pages() {
  curl -s -G "$base/cdx" -d "url=*" --data-urlencode "filter==mime:text/html" --data-urlencode "filter==status:200" \
    --data-urlencode "filter=~url:https?://[^/]+/" -d limit="$1" -d output=text -d fl=timestamp,url
}
pages 200000 >all.txt
awk -v many="${MANY:-2000}" -v all="$(wc -l <all.txt)" 'BEGIN {step = all > many ? int(all / many) : 1} NR % step == 1 || step == 1' \
  all.txt >many.txt
if [ -z "${URL:-}" ]; then read -r STAMP URL <many.txt; fi
echo "one: $STAMP $URL; many: $(wc -l <many.txt) captures"

# wrk asks for the addresses of a file in turn, each thread from a place of its own.
cat >many.lua <<'LUA'
local paths, at = {}, 0
for line in io.lines("paths.txt") do paths[#paths + 1] = line end
request = function() at = at % #paths + 1; return wrk.format("GET", paths[at]) end
LUA

measure() { # what, a path with STAMP and URL: of replay below ROOT, of look-ups below CDX
  for who in ours pywb; do
    root=/web; cdx=/cdx; server=$base
    [ "$who" = pywb ] && { root=/same; cdx=/same/cdx; server="http://127.0.0.1:$port"; }
    for kind in one many; do
      if [ "$kind" = one ]; then echo "$STAMP $URL"; else cat many.txt; fi |
        awk -v form="$2" -v root="$root" -v cdx="$cdx" '{gsub(/&/, "\\\\&", $2); path = form; gsub("ROOT", root, path); gsub("CDX", cdx, path);
          gsub("STAMP", $1, path); gsub("URL", $2, path); print path}' >paths.txt
      status=$(curl -s -o /dev/null -w '%{http_code}' "$server$(head -1 paths.txt)")
      wrk -t1 -c"${CONNECTIONS:-8}" -d"${SECONDS_EACH:-10}"s --latency -s many.lua "$server" |
        awk -v what="$1" -v kind="$kind" -v who="$who" -v status="$status" \
          '/99%/ {p99 = $2} /Non-2xx/ {bad = ", " $0} /Requests\/sec/ {print what, kind ":", who, "status", status, $2, "requests/s, p99", p99 bad}'
    done
  done
}
if [ ${#files[@]} -gt 0 ]; then
  measure "raw replay," "ROOT/STAMPid_/URL"
  measure "rewritten replay," "ROOT/STAMPmp_/URL"
fi
measure "CDX, closest," "CDX?url=URL&closest=STAMP&limit=1"
