import { double } from './double.js';
const numbers = await (await fetch(new URL('numbers.json', import.meta.url))).json();
postMessage('module ' + numbers.map(double).join(' '));
