import { createApp, defineComponent, h, onMounted, ref } from 'vue';
import { createRouter, createWebHistory, RouterView } from 'vue-router';
import { feature, tell } from './common.js';

const Page = defineComponent({
  setup() {
    const story = ref(null);
    const end = ref(null);
    onMounted(() => tell((told) => { story.value = told; }, () => end.value));
    return () => h('main', [
      story.value && h('article', [
        h('h1', story.value.title),
        h('p', { class: 'byline' }, `By ${story.value.author}`),
        story.value.body.map((text) => h('p', text)),
        h('img', { 'data-src': '/pictures/weir.jpg', alt: '', width: 640, height: 400 }),
      ]),
      h('div', { ref: end, style: 'height:1px' }),
    ]);
  },
});

const router = createRouter({
  history: createWebHistory(),
  routes: [{ path: '/:feature/:slug', component: feature === 'route' ? () => import('./vue-route.js').then((m) => m.wrap(Page)) : Page }],
});
createApp(RouterView).use(router).mount('#app');
