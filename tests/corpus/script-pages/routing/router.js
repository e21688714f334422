(function () {
  'use strict';
  const routes = { '/': 'front', '/river': 'river', '/mill': 'mill' };
  const main = document.getElementById('main');
  async function show(path) {
    const seen = JSON.parse(localStorage.getItem('seen') || '[]');
    localStorage.setItem('seen', JSON.stringify([...seen, path]));
    document.cookie = 'last=' + encodeURIComponent(path) + '; path=/; max-age=600';
    const text = await (await fetch('/pages/' + routes[path] + '.txt')).text();
    main.innerHTML = `<h1>${text}</h1><p>seen ${seen.length + 1}, cookie ${document.cookie}, at ${location.pathname}</p>`;
  }
  for (const path of Object.keys(routes)) {
    const link = document.createElement('a');
    link.href = path; link.textContent = routes[path]; link.style.marginRight = '1em';
    link.addEventListener('click', (event) => { event.preventDefault(); history.pushState({}, '', path); show(path); });
    document.getElementById('nav').append(link);
  }
  addEventListener('popstate', () => show(location.pathname));
  show(location.pathname).then(() => document.querySelector('nav a:nth-child(2)').click());
})();
