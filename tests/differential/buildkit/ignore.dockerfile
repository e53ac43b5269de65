FROM localhost/base
COPY . /all
COPY pkg /pkg
COPY docs /docs
