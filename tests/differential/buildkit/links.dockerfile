FROM localhost/base AS a
RUN mkdir -p /l/real /l/sub && echo f >/l/real/f && ln -s real /l/dir && ln -s real/f /l/file && ln -s /l/real/f /l/absfile && ln /l/real/f /l/real/hard && ln -s missing /l/dangling && chmod 4711 /l/real/f && chown 9:9 /l/dir -h
FROM localhost/base
COPY --from=a /l /l1
COPY --from=a /l/dir /l2
COPY --from=a /l/dir/ /l3/
COPY --from=a /l/file /l4
COPY --from=a /l/dir /l/file /l5/
COPY --from=a /l/absfile /l/real/hard /l6/
COPY docs/dirlink /l7
COPY conf.d/link.conf /l8
COPY docs/dirl* /l9/
COPY conf.d/*.conf /l10/
COPY --from=a /l/d*r /l11
RUN ln -s /target /tolink && mkdir /target
COPY package.json /tolink/
COPY package.json /tolink/sub/x
COPY docs /tolink
