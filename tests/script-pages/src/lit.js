import { html, LitElement } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { tell } from './common.js';

class NewsStory extends LitElement {
  static properties = { story: { state: true } };

  firstUpdated() {
    tell((told) => { this.story = told; }, () => this.renderRoot.querySelector('#end'));
  }

  render() {
    const { story } = this;
    return html`${story && html`<article>
      <h1>${story.title}</h1>
      <p class="byline">By ${story.author}</p>
      ${repeat(story.body, (text) => html`<p>${text}</p>`)}
      <img data-src="/pictures/weir.jpg" alt="" width="640" height="400">
    </article>`}<div id="end" style="height:1px"></div>`;
  }
}
customElements.define('news-story', NewsStory);
