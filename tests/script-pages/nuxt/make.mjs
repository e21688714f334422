import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

/** Nuxt's own static pages: drawn in the browser, with the data of the page in its payload. */
export async function make({ here, out, stories }) {
  const cwd = path.join(here, 'nuxt');
  execFileSync('npx', ['nuxi', 'generate'], { cwd, stdio: 'inherit', env: { ...process.env, NUXT_TELEMETRY_DISABLED: '1' } });
  fs.rmSync(out, { recursive: true, force: true });
  const from = path.join(cwd, '.output/public');
  fs.cpSync(path.join(from, '_nuxt'), path.join(out, '_nuxt'), { recursive: true });
  for (const { feature, slug } of stories) {
    fs.mkdirSync(path.join(out, feature), { recursive: true });
    fs.copyFileSync(path.join(from, feature, slug, 'index.html'), path.join(out, feature, `${slug}.html`));
  }
}
