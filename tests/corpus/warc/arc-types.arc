filedesc://x.arc 0.0.0.0 20020328143000 text/plain 76
1 0 Alexa Internet
URL IP-address Archive-date Content-type Archive-length

http://news.example/0 1.2.3.4 20020328143001 text/html; charset="a b" 48
HTTP/1.0 200 OK
Content-Type: text/html

<p>1
http://news.example/1 1.2.3.4 20020328143001 no-type 48
HTTP/1.0 200 OK
Content-Type: text/html

<p>1
http://news.example/2 1.2.3.4 20020328143001 - 48
HTTP/1.0 200 OK
Content-Type: text/html

<p>1
http://news.example/3 1.2.3.4 20020328143001 text/html 5 48
HTTP/1.0 200 OK
Content-Type: text/html

<p>1
http://news.example/4 1.2.3.4 20020328143001  48
HTTP/1.0 200 OK
Content-Type: text/html

<p>1
