#!/usr/bin/env bash
# Requests per second of the server beside pywb, on the same WARC files, in one run with wrk.
#
#   tests/bench/serve.sh PRESSMARK PYWB_BIN WARC...
#
# PRESSMARK is the binary, PYWB_BIN the bin directory of a Python environment that has pywb, WARC the files.
# URL and STAMP (environment) name the capture that is asked for; the first of the files is used without them.
# Prints a line for each measurement: what, who, requests per second, the 99th percentile.
set -euo pipefail

pressmark=$(realpath "$1"); pywb=$(realpath "$2"); shift 2
files=(); for file in "$@"; do files+=("$(realpath "$file")"); done
dir=$(mktemp -d)
trap 'kill "${ours:-}" "${theirs:-}" 2>/dev/null || true; rm -rf "$dir"' EXIT
cd "$dir"

"$pressmark" init --archive archive --quiet >/dev/null
cp "${files[@]}" archive/warc/
"$pressmark" serve --archive archive --bind 127.0.0.1:0 --set serve.access_log=false >ours.txt 2>ours.log &
ours=$!
"$pywb/wb-manager" init same >/dev/null 2>&1
"$pywb/wb-manager" add same "${files[@]}" >/dev/null 2>&1
port=$((20000 + RANDOM % 20000))
"$pywb/wayback" -p "$port" -b 127.0.0.1 >theirs.log 2>&1 &
theirs=$!
for _ in $(seq 60); do [ -s ours.txt ] && curl -s -o /dev/null "http://127.0.0.1:$port/" && break; sleep 1; done
base=$(sed 's#/$##;q' ours.txt); other="http://127.0.0.1:$port/same"

if [ -z "${URL:-}" ]; then
  read -r STAMP URL < <(curl -s -G "$base/cdx" -d "url=*" --data-urlencode "filter==mime:text/html" \
    --data-urlencode "filter==status:200" --data-urlencode "filter=~url:https?://[^/]+/" \
    -d limit=1 -d output=text -d fl=timestamp,url)
fi
echo "capture: $STAMP $URL"

measure() { # what, address
  for who in ours pywb; do
    root=$base/web; cdx=$base/cdx
    [ "$who" = pywb ] && { root=$other; cdx=$other/cdx; }
    address=${2//ROOT/$root}; address=${address//CDX/$cdx}
    status=$(curl -s -o /dev/null -w '%{http_code}' "$address")
    wrk -t1 -c8 -d"${SECONDS_EACH:-10}"s --latency "$address" |
      awk -v what="$1" -v who="$who" -v status="$status" \
        '/99%/ {p99 = $2} /Requests\/sec/ {print what, who, "status", status, $2, "requests/s, p99", p99}'
  done
}
measure "raw replay:" "ROOT/${STAMP}id_/$URL"
measure "rewritten replay:" "ROOT/${STAMP}mp_/$URL"
measure "CDX, closest:" "CDX?url=$URL&closest=$STAMP&limit=1"
