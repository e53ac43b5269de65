FROM localhost/base
COPY ig* /x/
