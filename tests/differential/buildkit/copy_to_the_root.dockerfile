FROM localhost/base
COPY docs /
COPY docs .
COPY docs/a/ ./
COPY package.json /newdir/
COPY package.json /newfile
COPY empty /emptied
COPY emptydir /e2/
COPY emptydir /tmp
COPY conf.d /tmp
COPY ro /ro
COPY .hidden /
COPY pkg ..
