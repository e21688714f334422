// htmx draws; this asks for consent first where the page does, and puts the wall over the text.
import { consent, feature, state, wall } from './common.js';

if (feature === 'state') {
  const part = (name, text) => Object.assign(document.createElement(name), { textContent: text });
  const { title, body } = state();
  const article = document.createElement('article');
  article.append(part('h1', title), ...body.map((text) => part('p', text)));
  document.getElementById('root').append(article);
}
if (feature === 'consent') consent().then(() => document.body.dispatchEvent(new Event('answered')));
if (feature === 'paywall') document.body.addEventListener('htmx:after:swap', wall, { once: true });
