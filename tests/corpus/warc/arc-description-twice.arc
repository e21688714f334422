filedesc://x.arc 0.0.0.0 20020328143000 text/plain 76
1 0 Alexa Internet
URL IP-address Archive-date Content-type Archive-length

http://news.example/1 207.241.229.39 20020328143001 text/html 48
HTTP/1.0 200 OK
Content-Type: text/html

<p>1
filedesc://x.arc 0.0.0.0 20020328143000 text/plain 76
1 0 Alexa Internet
URL IP-address Archive-date Content-type Archive-length

http://news.example/1 207.241.229.39 20020328143001 text/html 48
HTTP/1.0 200 OK
Content-Type: text/html

<p>1
