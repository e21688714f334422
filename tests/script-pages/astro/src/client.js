import { feature, tell } from '../../src/common.js';

const part = (name, text) => Object.assign(document.createElement(name), { textContent: text });

class NewsStory extends HTMLElement {
  connectedCallback() {
    const end = Object.assign(document.createElement('div'), { style: 'height:1px' });
    const show = ({ title, author, body }) => {
      const article = document.createElement('article');
      article.append(part('h1', title), part('p', `By ${author}`), ...body.map((text) => part('p', text)));
      this.replaceChildren(article, end);
    };
    tell(show, () => end);
  }
}

const define = () => customElements.define('news-story', NewsStory);
// A transition from the list to the story, as the router of the browser makes it.
if (feature === 'route' && document.startViewTransition) document.startViewTransition(define);
else define();
