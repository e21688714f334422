import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

/** Next's own static export, without what only old browsers ask for. */
export async function make({ here, out }) {
  const cwd = path.join(here, 'next');
  fs.copyFileSync(path.join(here, 'src/common.js'), path.join(cwd, 'common.js'));
  fs.copyFileSync(path.join(here, 'stories.mjs'), path.join(cwd, 'stories.mjs'));
  execFileSync('npx', ['next', 'build'], { cwd, stdio: 'inherit', env: { ...process.env, NEXT_TELEMETRY_DISABLED: '1' } });
  fs.rmSync(out, { recursive: true, force: true });
  const from = path.join(cwd, 'out');
  for (const name of fs.readdirSync(from, { recursive: true })) {
    const text = path.join(from, name);
    const is_needed = /\.(html|js|css|json)$/.test(name) && !/polyfill|404|_error|index\.html/.test(name);
    if (!fs.statSync(text).isFile() || !is_needed) continue;
    fs.mkdirSync(path.dirname(path.join(out, name)), { recursive: true });
    fs.copyFileSync(text, path.join(out, name));
  }
}
