import { defineComponent, h } from 'vue';

/** The view of a route, a bundle of its own. */
export const wrap = (page) => defineComponent({ render: () => h('section', [h(page)]) });
