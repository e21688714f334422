import { mount } from 'svelte';

// The view is a bundle of its own.
import('./Story.svelte').then((module) => {
  mount(module.default, { target: document.getElementById('svelte') });
});
