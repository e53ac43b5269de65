ARG BASE=first
FROM localhost/base AS first
RUN echo built > /artifact && mkdir /out && echo a > /out/a && ln -s a /out/b
ENV INHERITED=yes
FROM ${BASE} AS second
RUN echo $INHERITED > /inherited
ENV MORE=more
FROM first AS unused
RUN echo unused > /unused
FROM scratch
COPY --from=first /artifact /copied
COPY --from=1 /inherited /
COPY --from=second --chown=1:1 /out /out
COPY --from=first /bin /bin
