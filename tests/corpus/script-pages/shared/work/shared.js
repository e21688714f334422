importScripts('https://lib.example/lib.js');
let count = 0;
onconnect = (event) => fetch('https://lib.example/data.json').then((answer) => answer.json())
  .then((data) => event.ports[0].postMessage(lib(data.title) + ' ' + (count += 1)));
