import { defineConfig } from 'astro/config';

export default defineConfig({ build: { format: 'file', assets: 'assets' }, devToolbar: { enabled: false }, telemetry: false });
