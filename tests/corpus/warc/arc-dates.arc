filedesc://x.arc 0.0.0.0 20020328143000 text/plain 76
1 0 Alexa Internet
URL IP-address Archive-date Content-type Archive-length

http://news.example/0 1.2.3.4 200203281430 text/html 48
HTTP/1.0 200 OK
Content-Type: text/html

<p>1
http://news.example/1 1.2.3.4 20020328 text/html 48
HTTP/1.0 200 OK
Content-Type: text/html

<p>1
http://news.example/2 1.2.3.4 20020328143001999 text/html 48
HTTP/1.0 200 OK
Content-Type: text/html

<p>1
http://news.example/3 1.2.3.4 99999999999999 text/html 48
HTTP/1.0 200 OK
Content-Type: text/html

<p>1
http://news.example/4 1.2.3.4 0 text/html 48
HTTP/1.0 200 OK
Content-Type: text/html

<p>1
http://news.example/5 1.2.3.4 2002-03-28 text/html 48
HTTP/1.0 200 OK
Content-Type: text/html

<p>1
