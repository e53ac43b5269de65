FROM localhost/base
COPY . /all
COPY docs/a /da
