# syntax=docker/dockerfile:1
ARG GLOBAL=g
FROM localhost/base AS base
ENV A=1 B="two words" C=three\ words
ENV OLD old style value
ENV D=$A-${B:-x} E=${NOPE:-default} F=${A:+set} G=\$A
LABEL one=1 "two words"="x y" three='z'
LABEL multi="a\
b"
RUN mkdir -p /one/three && chown -R 1000:1000 /one
EXPOSE 80 443/tcp 53/udp
USER 1000:1000
WORKDIR /one
WORKDIR two/../three
VOLUME /data /more
VOLUME ["/list", "/with space"]
STOPSIGNAL SIGQUIT
ARG ARGUMENT=value
ARG GLOBAL
ENV FROM_ARG=$ARGUMENT FROM_GLOBAL=$GLOBAL
ENTRYPOINT ["/bin/sh", "-c"]
CMD echo shell
MAINTAINER someone <a@b>
