// What all pages do, whatever draws them: the story is asked for, shown bit by bit, hidden behind windows.

const path = location.pathname.split('/').filter(Boolean);
/** fetch, state, route, scroll, consent or paywall. */
export const feature = document.querySelector('meta[name=feature]')?.content ?? path[0];
export const slug = document.querySelector('meta[name=slug]')?.content ?? path[1];

const get = (name) => fetch(`/api/${name}.json`).then((answer) => answer.json());

/** The story in the page itself, as a site embeds it for its scripts. */
export const state = () => JSON.parse(document.getElementById('state').textContent).article;

/** A window that asks for consent, as the makers of such windows build it; it waits for an answer. */
export function consent() {
  return new Promise((answered) => {
    const box = document.createElement('div');
    box.id = 'onetrust-banner-sdk';
    box.style.cssText = 'position:fixed;inset:auto 0 0 0;background:#fff;border:2px solid;padding:2em;z-index:99';
    box.innerHTML = '<p>We and our partners store and access information on your device.</p>'
      + '<button id="onetrust-accept-btn-handler">Accept all</button> '
      + '<button id="onetrust-reject-all-handler">Reject all</button>';
    box.addEventListener('click', (event) => {
      if (event.target.tagName !== 'BUTTON') return;
      document.cookie = `consent=${event.target.id.includes('reject') ? 'no' : 'yes'}; path=/`;
      box.remove();
      answered();
    });
    document.body.append(box);
  });
}

/** A window over the text that wants to be paid, put there by a script after the text. */
export function wall() {
  const box = document.createElement('div');
  box.className = 'paywall-overlay';
  box.style.cssText = 'position:fixed;inset:30% 0 0 0;background:#fffc;z-index:98';
  box.innerHTML = '<h2>Keep reading with a trial</h2><p>Three months for one euro.</p><button>Subscribe</button>';
  document.body.append(box);
  document.body.style.overflow = 'hidden';
}

/** Calls back once when an element comes near the window. */
export function whenSeen(element, seen) {
  const watch = new IntersectionObserver((all) => {
    if (all.some((one) => one.isIntersecting)) {
      watch.disconnect();
      seen();
    }
  });
  watch.observe(element);
}

/** Pictures that are loaded when they come near. */
function lazyPictures() {
  for (const picture of document.querySelectorAll('img[data-src]')) {
    whenSeen(picture, () => { picture.src = picture.dataset.src; });
  }
}

/**
 * Has the story of this page drawn: `show` takes it, and takes it again when there is more of it. `sentinel` is
 * where the drawn page ends.
 */
export async function tell(show, sentinel) {
  if (feature === 'state') return show(state());
  if (feature === 'consent') await consent();
  const story = await get(slug);
  if (feature === 'scroll') {
    show(story);
    await new Promise((drawn) => { setTimeout(drawn, 50); });
    return whenSeen(sentinel(), async () => {
      const more = await get(`${slug}-more`);
      show({ ...story, body: [...story.body, ...more.body] });
    });
  }
  show(story);
  setTimeout(lazyPictures, 50);
  if (feature === 'paywall') setTimeout(wall, 100);
}
