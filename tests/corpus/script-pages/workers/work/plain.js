'use strict';
importScripts('sum.js', 'https://lib.example/twice.js');
fetch('numbers.json').then((response) => response.json())
  .then((numbers) => postMessage(`plain ${twice(sum(numbers))} at ${self.location.pathname}`));
