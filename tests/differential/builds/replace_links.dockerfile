FROM localhost/base
RUN mkdir -p /r/d && ln -s /r/d /r/l && ln -s d /r/rl && touch /r/f
COPY tree/one /r/l/
COPY tree/one /r/rl/two
COPY tree /r/l
COPY tree/one /r/f
COPY tree/sub /r/rl/
RUN mkdir -p /a/b/c && touch /a/b/c/d /a/e
RUN rm -r /a/b && mkdir /a/b && touch /a/b/new
RUN rm /a/e && ln -s b /a/e
RUN mv /a/b /a/f && chmod 2755 /a && chown 5:5 /a/f
RUN rm -rf /a && mkdir /a
COPY tree /a
RUN rm -rf /a/sub && cp -a /r /copy
