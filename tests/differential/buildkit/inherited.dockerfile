FROM localhost/base AS a
SHELL ["/bin/busybox", "sh", "-c"]
STOPSIGNAL 9
LABEL a=1 a=2 b="$X" 'c d'=e
HEALTHCHECK --interval=5m CMD true
ONBUILD ARG Q=q
ONBUILD RUN echo $Q >/tmp/q
VOLUME /v
EXPOSE 1
USER 3:4
WORKDIR /ww
FROM a AS b
LABEL b=3
EXPOSE 2/udp
RUN pwd >/tmp/pwd; id >/tmp/id
FROM b
USER root
RUN test -e /tmp/q && cat /tmp/q >/q2 || echo none >/q2
