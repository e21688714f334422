import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

/** Astro's own build: pages without their text, and the script that brings it. */
export async function make({ here, out }) {
  const cwd = path.join(here, 'astro');
  execFileSync('npx', ['astro', 'build'], { cwd, stdio: 'inherit', env: { ...process.env, ASTRO_TELEMETRY_DISABLED: '1' } });
  fs.rmSync(out, { recursive: true, force: true });
  fs.cpSync(path.join(cwd, 'dist'), out, { recursive: true });
}
