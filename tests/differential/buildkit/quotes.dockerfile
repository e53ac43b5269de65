FROM localhost/base
VOLUME /a /b ["/c"]
USER "nobody"
WORKDIR '/x y'
STOPSIGNAL "SIGTERM"
EXPOSE "80"
COPY "package.json" '/q/'
MAINTAINER "me <x>"
