// Sent as it stands: no bundler has seen it. The import map of the page says where the modules are.
import { h, render } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { feature, tell } from 'site/common.js';

function Page() {
  const [story, setStory] = useState(null);
  const end = useRef(null);
  useEffect(() => { tell(setStory, () => end.current); }, []);
  return h('main', {}, story && h('article', {},
    h('h1', {}, story.title),
    h('p', { class: 'byline' }, `By ${story.author}`),
    story.body.map((text) => h('p', {}, text)),
    h('img', { 'data-src': '/pictures/weir.jpg', alt: '', width: 640, height: 400 }),
  ), h('div', { ref: end, style: 'height:1px' }));
}

const draw = () => render(h(Page), document.getElementById('root'));
if (feature === 'route') {
  // The list comes first, and the story by a step in the history of the window, without another page.
  const { pathname } = location;
  history.replaceState(null, '', '/');
  render(h('a', { href: pathname }, 'Story'), document.getElementById('root'));
  history.pushState(null, '', pathname);
}
draw();
