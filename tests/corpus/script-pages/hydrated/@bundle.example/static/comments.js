function comments(root) {
  const path = document.currentScript ? 'sync' : 'later';
  root.insertAdjacentHTML('beforeend', `<section><h2>Comments (${path})</h2><p>First!</p></section>`);
}
