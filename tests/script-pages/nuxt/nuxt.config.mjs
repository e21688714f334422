import { STORIES } from '../stories.mjs';

const routes = STORIES.filter(({ site }) => site === 'nuxt').map(({ feature, slug }) => `/${feature}/${slug}`);
export default {
  telemetry: false,
  // The data of a page stand in the page.
  experimental: { payloadExtraction: false },
  buildId: 'pressmark',
  nitro: { preset: 'static', prerender: { routes, crawlLinks: false } },
  compatibilityDate: '2026-01-01',
};
