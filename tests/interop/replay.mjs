// Opens one of our WACZ files with wabac.js, the engine of ReplayWeb.page, from a server that answers by
// range, and replays one address of it.
//
// usage: node replay.mjs FILE.wacz URL TIMESTAMP STATUS TEXT
//
// fake-indexeddb replaces the database of a browser. PRESSMARK_INTEROP_NODE_PATH names the
// node_modules folder to read the packages from. Ends with 1 when the page is not listed, the signature
// is not valid by wabac.js, or what is replayed is not TEXT; with 77 when a package is missing.

import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

const MISSING = 77
const [file, url, timestamp, status, text] = process.argv.slice(2)

// What a service worker finds around it.
globalThis.self = globalThis
globalThis.location ??= new URL('http://127.0.0.1/')
globalThis.addEventListener ??= () => {}
const cache = { match: async () => undefined, put: async () => {} }
globalThis.caches = { open: async () => cache, delete: async () => true }

let wabac
try {
  const folder = process.env.PRESSMARK_INTEROP_NODE_PATH
  createRequire(folder + '/')('fake-indexeddb/auto')
  wabac = await import(pathToFileURL(folder + '/@webrecorder/wabac/dist/swlib.js'))
} catch (why) {
  console.log('skipped: ' + why.message.split('\n')[0])
  process.exit(MISSING)
}

const bytes = readFileSync(file)
const server = createServer((request, response) => {
  const [, from, to] = /bytes=(\d*)-(\d*)/.exec(request.headers.range ?? 'bytes=0-')
  const start = from === '' ? Math.max(bytes.length - Number(to), 0) : Number(from)
  const end = from === '' || to === '' ? bytes.length : Math.min(Number(to) + 1, bytes.length)
  response.writeHead(request.headers.range ? 206 : 200, {
    'accept-ranges': 'bytes',
    'content-length': end - start,
    'content-range': `bytes ${start}-${end - 1}/${bytes.length}`
  })
  response.end(request.method === 'HEAD' ? undefined : bytes.subarray(start, end))
})

async function replay () {
  const loader = new wabac.WorkerLoader(globalThis)
  await loader._init_db
  const sourceUrl = `http://127.0.0.1:${server.address().port}/capture.wacz`
  const { store } = await loader.addCollection({ name: 'x', file: { sourceUrl, loadUrl: sourceUrl } }, () => {})
  const pages = await store.getAllPages()
  if (!pages.some(page => page.url === url)) throw new Error(`${url} is not one of its pages`)
  const checks = await store.db.getAll('verification')
  if (checks.find(check => check.id === 'signature')?.matched !== true) throw new Error('the signature is not valid')
  const [name, { hash }] = Object.entries(store.waczfiles)[0]
  const request = new Request(url)
  const asked = { url, timestamp, mod: '', hash, pageId: hash, request, method: 'GET', destination: 'document', headers: request.headers, convertPostToGet: async () => url }
  const event = { waitUntil () {} }
  const found = await store.getResource(asked, 'http://127.0.0.1/w/x/', event, { pageId: hash, waczname: name })
  if (String(found?.status) !== status) throw new Error(`${url} is replayed with ${found?.status}, not ${status}`)
  const body = new TextDecoder().decode(await found.getBuffer())
  if (!body.includes(text)) throw new Error(`${url} is replayed as ${body}`)
  return `wabac.js: the signature is valid, and ${url} of ${found.date.toISOString()} is replayed`
}

server.listen(0, '127.0.0.1', async () => {
  try {
    console.log(await replay())
    process.exit(0)
  } catch (why) {
    console.log('FAILED: ' + why.stack)
    process.exit(1)
  }
})
