FROM localhost/base
COPY . /all
COPY a* /apps/
