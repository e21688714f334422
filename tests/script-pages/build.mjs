// Builds the pages into built/: one folder for each site, as its server sends it, and pages.json, what each page
// says. Next, Nuxt and Astro are built by their own programs, in the folders of their names (`npm install` there, too;
// Nuxt wants Node 22). The frameworks are MIT, BSD or 0BSD; their notices stand in the bundles.
//
//   npm install && node build.mjs       all that are installed
//   node build.mjs react vue            these alone

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { FEATURES, STORIES } from './stories.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const built = path.join(here, 'built');
const wanted = process.argv.slice(2);
const wants = (site) => wanted.length === 0 || wanted.includes(site);
const put = (file, text) => {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, text);
};

const common = {
  absWorkingDir: here, bundle: true, minify: true, format: 'esm', splitting: true, target: 'es2022', legalComments: 'eof',
  define: { 'process.env.NODE_ENV': '"production"', __VUE_OPTIONS_API__: 'false', __VUE_PROD_DEVTOOLS__: 'false',
    __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: 'false', ngDevMode: 'false', ngJitMode: 'false', ngI18nClosureMode: 'false' },
  chunkNames: '[name]-[hash]', conditions: ['production', 'browser', 'module', 'svelte'], logLevel: 'warning',
};

const svelte = {
  name: 'svelte',
  setup(build) {
    build.onLoad({ filter: /\.svelte$/ }, async ({ path: file }) => {
      const { compile } = await import('svelte/compiler');
      const { js } = compile(fs.readFileSync(file, 'utf8'), { filename: file, generate: 'client', dev: false });
      return { contents: js.code, loader: 'js' };
    });
  },
};

/** Angular's libraries are published half compiled; its linker ends that, as its own program does. */
const linker = {
  name: 'angular-linker',
  setup(build) {
    build.onLoad({ filter: /@angular\/.*\.mjs$/ }, async ({ path: file }) => {
      const text = fs.readFileSync(file, 'utf8');
      if (!text.includes('ɵɵngDeclare')) return { contents: text, loader: 'js' };
      const { createEs2015LinkerPlugin } = await import('@angular/compiler-cli/linker/babel');
      const { transformAsync } = await import('@babel/core');
      const done = await transformAsync(text, {
        filename: file, configFile: false, babelrc: false, compact: false,
        plugins: [createEs2015LinkerPlugin({ linkerJitMode: false, fileSystem: {
          resolve: path.resolve, exists: fs.existsSync, dirname: path.dirname, relative: path.relative,
          readFile: (name) => fs.readFileSync(name, 'utf8'), }, logger: { level: 1, debug() {}, info() {}, warn() {}, error: console.error } })],
      });
      return { contents: done.code, loader: 'js' };
    });
  },
};

/** A page whose place is filled by a script. */
const shell = (story, { root, head = '', script }) => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${story.title} | The ${story.site} Post</title>
<meta name="viewport" content="width=device-width">${head}</head>
<body>${root}${story.feature === 'state'
    ? `<script id="state" type="application/json">${JSON.stringify({ article: { ...published(story) } })}</script>` : ''}
<noscript>You need to enable JavaScript to run this app.</noscript>
${script}</body></html>
`;

const published = ({ title, author, body }) => ({ title, author, publishedAt: '2026-03-02T08:00:00Z', body });

const SITES = {
  react: { root: '<div id="root"></div>', entry: 'src/react.jsx', options: { jsx: 'automatic' } },
  vue: { root: '<div id="app"></div>', entry: 'src/vue.js' },
  svelte: { root: '<div id="svelte"></div>', entry: 'src/svelte.js', options: { plugins: [svelte] } },
  angular: { root: '<app-root></app-root>', head: '<base href="/">', entry: 'out/angular.js', options: { plugins: [linker] },
    before: () => execFileSync('npx', ['ngc', '-p', 'angular.tsconfig.json'], { cwd: here, stdio: 'inherit' }) },
  lit: { root: '<news-story></news-story>', entry: 'src/lit.js' },
};

for (const [site, { root, head, entry, options, before }] of Object.entries(SITES).filter(([site]) => wants(site))) {
  before?.();
  const out = path.join(built, site);
  fs.rmSync(out, { recursive: true, force: true });
  await build({ ...common, ...options, entryPoints: { app: entry }, outdir: path.join(out, 'assets') });
  for (const story of STORIES.filter((story) => story.site === site)) {
    put(path.join(out, story.feature, `${story.slug}.html`),
      shell(story, { root, head, script: '<script type="module" src="/assets/app.js"></script>' }));
  }
}

if (wants('importmap')) {
  const out = path.join(built, 'importmap');
  fs.rmSync(out, { recursive: true, force: true });
  const file = (name) => path.join(here, 'node_modules/preact', name);
  put(path.join(out, 'vendor/preact.js'), fs.readFileSync(file('dist/preact.mjs'), 'utf8').replace(/\n\/\/# source.*/, ''));
  put(path.join(out, 'vendor/hooks.js'), fs.readFileSync(file('hooks/dist/hooks.mjs'), 'utf8').replace(/\n\/\/# source.*/, ''));
  put(path.join(out, 'site/common.js'), fs.readFileSync(path.join(here, 'src/common.js')));
  put(path.join(out, 'site/main.js'), fs.readFileSync(path.join(here, 'src/importmap.js')));
  const head = `<script type="importmap">${JSON.stringify({ imports: {
    preact: '/vendor/preact.js', 'preact/hooks': '/vendor/hooks.js', 'site/': '/site/' } })}</script>`;
  for (const story of STORIES.filter((story) => story.site === 'importmap')) {
    put(path.join(out, story.feature, `${story.slug}.html`),
      shell(story, { root: '<div id="root"></div>', head, script: '<script type="module" src="/site/main.js"></script>' }));
  }
}

if (wants('htmx')) {
  const out = path.join(built, 'htmx');
  fs.rmSync(out, { recursive: true, force: true });
  put(path.join(out, 'assets/htmx.js'), fs.readFileSync(path.join(here, 'node_modules/htmx.org/dist/htmx.min.js')));
  put(path.join(out, 'assets/common.js'), fs.readFileSync(path.join(here, 'src/common.js')));
  put(path.join(out, 'assets/site.js'), fs.readFileSync(path.join(here, 'src/htmx.js')));
  const paragraphs = (all) => all.map((text) => `<p>${text}</p>`).join('');
  for (const story of STORIES.filter((story) => story.site === 'htmx')) {
    const { feature, slug, title, author, body } = story;
    const first = feature === 'scroll' ? body.slice(0, 3) : body;
    const more = feature === 'scroll'
      ? `<div hx-get="/parts/${slug}-more.html" hx-trigger="revealed" hx-swap="outerHTML" style="height:1px"></div>` : '';
    put(path.join(out, 'parts', `${slug}.html`),
      `<article><h1>${title}</h1><p class="byline">By ${author}</p>${paragraphs(first)}${more}</article>`);
    if (more) put(path.join(out, 'parts', `${slug}-more.html`), paragraphs(body.slice(3)));
    const trigger = feature === 'consent' ? 'answered from:body' : 'load';
    const url = feature === 'route' ? ` hx-push-url="/route/${slug}"` : '';
    const root = feature === 'state' ? '<div id="root"></div>'
      : `<div id="root"><div hx-get="/parts/${slug}.html" hx-trigger="${trigger}" hx-swap="outerHTML"${url}></div></div>`;
    const script = '<script src="/assets/htmx.js"></script><script type="module" src="/assets/site.js"></script>';
    put(path.join(out, feature, `${slug}.html`), shell(story, { root, script }));
  }
}

for (const site of ['next', 'nuxt', 'astro'].filter((site) => wants(site))) {
  if (!fs.existsSync(path.join(here, site, 'node_modules'))) {
    console.warn(`${site}: not installed, left as it is`);
    continue;
  }
  const { make } = await import(`./${site}/make.mjs`);
  await make({ here, out: path.join(built, site), stories: STORIES.filter((story) => story.site === site), published, put });
}

// What the sites' servers answer scripts with, and what each page says.
for (const story of STORIES) {
  const out = path.join(built, story.site);
  if (!fs.existsSync(out) || story.site === 'htmx' || story.feature === 'state') continue;
  const is_cut = story.feature === 'scroll';
  put(path.join(out, 'api', `${story.slug}.json`),
    JSON.stringify({ ...published(story), body: is_cut ? story.body.slice(0, 3) : story.body }));
  if (is_cut) put(path.join(out, 'api', `${story.slug}-more.json`), JSON.stringify({ body: story.body.slice(3) }));
}
// What is sent compressed lies here compressed.
for (const name of fs.readdirSync(built, { recursive: true }).filter((name) => /\.(js|mjs|css)$/.test(name))) {
  const file = path.join(built, name);
  fs.writeFileSync(`${file}.gz`, gzipSync(fs.readFileSync(file), { level: 9 }));
  fs.rmSync(file);
}
const there = STORIES.filter(({ site, feature, slug }) => fs.existsSync(path.join(built, site, feature, `${slug}.html`)));
put(path.join(built, 'pages.json'), `[\n${there.map((story) => JSON.stringify(story)).join(',\n')}\n]\n`);
console.log(`${there.length} of ${Object.keys(FEATURES).length * 10} pages`);
