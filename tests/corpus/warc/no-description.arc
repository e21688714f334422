http://news.example/1 207.241.229.39 20020328143001 text/html 48
HTTP/1.0 200 OK
Content-Type: text/html

<p>1
http://news.example/2 207.241.229.39 20020328143001 text/html 48
HTTP/1.0 200 OK
Content-Type: text/html

<p>1
