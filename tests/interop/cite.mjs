// Reads our citations with citation.js and citeproc-js, which we did not write, and compares what they
// find with the facts that went in.
//
// usage: node cite.mjs CASES.json
//
// CASES is a list of {facts: {title, authors, url, year}, csl-json, bibtex, biblatex, ris}; an author is
// {family, given, particle, suffix} or {literal}. PRESSMARK_INTEROP_NODE_PATH names the node_modules
// folder to read the packages from. Prints a line for each format, and ends with 1 when one of them
// disagrees, with 77 when a package is missing.

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const MISSING = 77

let Cite
try {
  const require = createRequire(process.env.PRESSMARK_INTEROP_NODE_PATH + '/')
  Cite = require('@citation-js/core').Cite
  for (const plugin of ['bibtex', 'csl', 'ris']) require('@citation-js/plugin-' + plugin)
} catch (why) {
  console.log('skipped: ' + why.message.split('\n')[0])
  process.exit(MISSING)
}

const failures = []
function same (what, ours, theirs) {
  const [a, b] = [JSON.stringify(ours), JSON.stringify(theirs)]
  if (a !== b) failures.push(`${what}: ${a} was read as ${b}`)
}

// A name as one string, so that readers may split it as they like where nothing indicates its parts.
function told (name) {
  if (typeof name === 'string') return name
  const particle = name.particle ?? name['non-dropping-particle'] ?? name['dropping-particle'] ?? ''
  const space = /[-'’]$/.test(particle) || particle === '' ? '' : ' '
  const family = particle + space + (name.family ?? name.literal ?? '')
  return [family, name.given ?? '', name.suffix ?? ''].join('|')
}

// citation.js takes a name in RIS as the string it is.
const inverted = name => name.literal ?? told(name).replaceAll('|', ', ').replace(/[, ]+$/, '')

function read (format, text) {
  const items = new Cite(text).data
  if (items.length !== 1) failures.push(`${format}: ${items.length} items in ${text}`)
  return items[0] ?? {}
}

const cases = JSON.parse(readFileSync(process.argv[2], 'utf8'))
for (const one of cases) {
  const { title, authors, url, year } = one.facts
  for (const format of ['csl-json', 'bibtex', 'biblatex']) {
    const item = read(format, one[format])
    same(`${format} title`, title, item.title)
    same(`${format} authors of ${title}`, authors.map(told), (item.author ?? []).map(told))
    same(`${format} url`, url, item.URL)
    same(`${format} year`, year ?? null, item.issued?.['date-parts']?.[0]?.[0] ?? null)
  }
  const ris = read('ris', one.ris)
  same('ris title', title, ris.title)
  const names = [ris.author ?? ris.reporter ?? []].flat().map(n => n.literal ?? (n.family ? inverted(n) : n))
  same(`ris authors of ${title}`, authors.map(inverted), names.map(inverted))
  same('ris url', url, ris.URL)
  // citeproc-js, by three styles: what it prints has the title and the family names.
  for (const template of ['apa', 'vancouver', 'harvard1']) {
    const set = new Cite(one['csl-json']).format('bibliography', { format: 'text', template, lang: 'en-US' })
    const flat = text => text.replace(/[“”‘’"'’`«»\s]/g, '').toLowerCase()
    if (!flat(set).includes(flat(title))) failures.push(`${template} lost the title ${title}: ${set}`)
    for (const { family, literal } of authors.slice(0, 3)) {
      const name = family ?? literal
      if (!flat(set).includes(flat(name))) failures.push(`${template} lost ${name}: ${set}`)
    }
  }
}

for (const failure of failures) console.log('FAILED: ' + failure)
console.log(`citation.js: ${cases.length} citations in four formats, set by citeproc-js in three styles`)
process.exit(failures.length === 0 ? 0 : 1)
