FROM localhost/base AS grandparent
ONBUILD ENV FIRST=$ONB
FROM grandparent AS parent
ONBUILD ENV ONB=yes
ONBUILD COPY package.json /onb/
ONBUILD RUN echo $ONB >/onb/r
ONBUILD USER nobody
ONBUILD WORKDIR onbwork
WORKDIR /p
FROM parent
RUN id -u >/tmp/u
RUN pwd >/tmp/p
ONBUILD LABEL a=b
