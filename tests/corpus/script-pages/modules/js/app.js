import { article } from './view/article.js';
import * as names from './names.mjs';
const data = await (await fetch(new URL('../data/story.json', import.meta.url))).json();
const { footer } = await import('./late.js');
document.querySelector('#root').append(article(data), footer(names.paper));
