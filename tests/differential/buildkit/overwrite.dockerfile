FROM localhost/base
RUN mkdir -m 700 /d && echo old >/d/package.json && chown 5:5 /d /d/package.json && mkdir -m 711 /d/sub
COPY package.json /d/
COPY docs /d/
COPY docs/a /d/sub
COPY app/bin/run.sh /d/package.json
RUN rm -rf /d/sub && mkdir -p /d/x/y && rm /etc/passwd
COPY --chown=3 docs/a/b /d/x
ADD layer.tar /d
