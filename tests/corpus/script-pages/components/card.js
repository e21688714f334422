'use strict';
customElements.define('news-card', class extends HTMLElement {
  static observedAttributes = ['topic'];
  constructor() {
    super();
    this.attachShadow({ mode: 'open' }).append(document.getElementById('card').content.cloneNode(true));
  }
  attributeChangedCallback(name, before, after) {
    this.shadowRoot.querySelector('h2').textContent = `News of the ${after}`;
    this.shadowRoot.querySelector('img').src = `http://pictures.example/${after}.svg`;
  }
});
