# check=skip=all
# escape=`
FROM localhost/base
RUN echo a `
b >/o
