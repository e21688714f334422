import { name } from './name.js';
onconnect = (event) => event.ports[0].postMessage('shared module ' + name);
