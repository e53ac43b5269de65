FROM localhost/base
COPY script /bin/
COPY script /bin/renamed
COPY tree /tree
COPY tree/ /into/a/b/
COPY tree/sub tree/one /two-sources/
COPY ["with space/a file", "/spaced name"]
COPY tree/o*e /wild/
COPY tree/link /followed/
COPY . /all
COPY sparse /sparse
COPY --chown=5:6 tree /owned
COPY --chown=7 script /owned-file
COPY --chmod=0741 script /mode
COPY script relative
WORKDIR /w
COPY script relative
COPY tree/one ./
COPY tree /w/x/../y
