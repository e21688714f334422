"""Clients of web archives against our server: BASE is its address, which serves the archive that
tests/it/serve/site.rs lays out. Exits with 77 where a client is missing."""

import datetime
import sys

try:
    import cdx_toolkit
    import memento_client
    import requests
    import wayback
    import wayback._client
    import wayback._utils
    import waybackpy
    import waybackpy.availability_api
    import waybackpy.cdx_utils
except ImportError as why:
    print(f"missing: {why}")
    sys.exit(77)

BASE = sys.argv[1].rstrip("/")
A = "http://a.example/"
failures = []


def check(what, found, expected):
    if found != expected:
        failures.append(f"{what}: expected {expected!r}, but found {found!r}")


class Elsewhere(requests.adapters.HTTPAdapter):
    """Sends what is meant for the Wayback Machine here."""

    def send(self, request, **kwargs):
        request.url = request.url.replace("https://web.archive.org", BASE).replace("https://archive.org", BASE)
        request.headers["Host"] = BASE.split("//")[1]
        return super().send(request, **kwargs)


def edgi():
    """wayback (EDGI): lists by resume keys, and rebuilds what was captured from raw payloads."""
    wayback._client.CDX_SEARCH_URL = f"{BASE}/cdx/search/cdx"
    wayback._utils.MEMENTO_URL_TEMPLATE = BASE + "/web/{timestamp}{mode}/{url}"
    wayback._utils.MEMENTO_URL_PATTERN = wayback._utils.re.compile(
        r"^" + wayback._utils.re.escape(BASE) + r"/web/(\d+)(\w\w_)?/(.+)$"
    )
    client = wayback.WaybackClient(wayback.WaybackSession(search_calls_per_second=0, memento_calls_per_second=0))
    # Seven captures in one second are distinguished, also where the key falls between them.
    records = list(client.search(A, limit=2))
    check("wayback: stamps", [r.timestamp.strftime("%Y%m%d") for r in records],
          ["20240101", "20240201", "20240301", "20240301", "20240401", "20240501", "20240601"])
    check("wayback: statuses", [r.statuscode for r in records], [200, 200, 200, 200, 200, 404, 301])
    every = list(client.search("many.example", match_type="host", limit=7))
    check("wayback: all of a host", len(every), 60)
    memento = client.get_memento(records[1])
    check("wayback: text", memento.text, "two")
    check("wayback: original", memento.url, A)
    near = client.get_memento(A, timestamp=datetime.datetime(2024, 2, 1, 12), exact=False)
    check("wayback: nearest", (near.text, near.timestamp.strftime("%Y%m%d%H%M%S")), ("two", "20240201000000"))
    gone = client.get_memento(records[5])
    check("wayback: an archived error", (gone.status_code, gone.ok), (404, False))


def of_waybackpy():
    def get(url, **kwargs):
        with requests.Session() as session:
            session.mount("https://", Elsewhere())
            return session.get(url, **kwargs)

    waybackpy.cdx_utils.HTTPAdapter = Elsewhere
    waybackpy.availability_api.requests.get = get
    api = waybackpy.WaybackMachineCDXServerAPI(A, "pressmark-tests", limit=2)
    check("waybackpy: snapshots", [s.timestamp for s in api.snapshots()],
          ["20240101000000", "20240201000000", "20240301000000", "20240301000000", "20240401000000",
           "20240501000000", "20240601000000"])
    near = waybackpy.WaybackMachineCDXServerAPI(A, "pressmark-tests").near(year=2024, month=2, day=2, hour=0, minute=0)
    check("waybackpy: near", near.timestamp, "20240201000000")
    available = waybackpy.WaybackMachineAvailabilityAPI(A, "pressmark-tests")
    available.near(year=2024, month=2, day=2, hour=0, minute=0)
    check("waybackpy: available", available.timestamp().strftime("%Y%m%d"), "20240201")


def toolkit():
    cdx_toolkit.myrequests.retry_info["default"]["minimum_interval"] = 0
    cdx = cdx_toolkit.CDXFetcher(source=f"{BASE}/cdx", wb=f"{BASE}/web")
    rows = list(cdx.iter("many.example/*", from_ts="2024", to="2025"))
    check("cdx_toolkit: iter", len(rows), 60)
    check("cdx_toolkit: nothing", len(list(cdx.iter("never.example/", from_ts="2024", to="2025"))), 0)
    check("cdx_toolkit: size", cdx.get_size_estimate("many.example/*") > 0, True)
    found = cdx.get(A, from_ts="2024", to="2025", limit=7)
    check("cdx_toolkit: get", len(found), 7)
    check("cdx_toolkit: content by replay", found[1].content, b"two")
    ranged = cdx_toolkit.CDXFetcher(source=f"{BASE}/cdx", warc_download_prefix=f"{BASE}/warc")
    check("cdx_toolkit: content by range", ranged.get(A, from_ts="2024", to="2025", limit=2)[1].content, b"two")


def memento():
    client = memento_client.MementoClient(timegate_uri=f"{BASE}/web/", check_native_timegate=False)
    # It asks the live page first; there is none.
    client.get_original_uri = lambda uri, **kwargs: uri
    info = client.get_memento_info(A, datetime.datetime(2024, 2, 1))
    found = {name: m["datetime"].strftime("%Y%m%d") for name, m in info["mementos"].items()}
    check("memento_client", found,
          {"closest": "20240201", "first": "20240101", "prev": "20240101", "next": "20240301", "last": "20240601"})
    check("memento_client: timegate", info["timegate_uri"], f"{BASE}/web/{A}")


for ask in (edgi, of_waybackpy, toolkit, memento):
    try:
        ask()
    except Exception as why:  # noqa: BLE001 - what one client meets must not hide what others do
        import traceback

        failures.append(f"{ask.__name__}: {''.join(traceback.format_exception(why)[-6:])}")

print("\n".join(failures) or "all clients agree")
sys.exit(1 if failures else 0)
