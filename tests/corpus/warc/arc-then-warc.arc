filedesc://x.arc 0.0.0.0 20020328143000 text/plain 76
1 0 Alexa Internet
URL IP-address Archive-date Content-type Archive-length

http://news.example/1 207.241.229.39 20020328143001 text/html 48
HTTP/1.0 200 OK
Content-Type: text/html

<p>1
WARC/1.1
WARC-Type: resource
WARC-Record-ID: <urn:uuid:00000000-0000-0000-0000-000000000001>
WARC-Date: 2020-01-02T03:04:05Z
WARC-Target-URI: http://news.example/1
Content-Type: text/plain
Content-Length: 18

block of record 1


WARC/1.1
WARC-Type: resource
WARC-Record-ID: <urn:uuid:00000000-0000-0000-0000-000000000002>
WARC-Date: 2020-01-02T03:04:05Z
WARC-Target-URI: http://news.example/2
Content-Type: text/plain
Content-Length: 18

block of record 2


