FROM localhost/base AS source
RUN mkdir -p -m 700 /own/in && chmod 710 /own/in && chown 5:6 /own /own/in && echo x >/own/in/f && echo y >/own/y && ln -s in /own/ln
RUN mkdir -p /o/p && echo x >/o/p/x && ln -s p /o/l && ln -s /o/p/x /abs && chown -R 7:8 /o && chmod 700 /o/p && ln /o/p/x /o/hard
FROM localhost/base
COPY --from=source /own /p1
COPY --from=source /own/ /p2/
COPY --from=source /own /p3/deep/er
COPY --from=source --chown=9:9 /own /p4
RUN mkdir -m 1777 /p6 /p7 && mkdir -m 1777 /p6/in /p7/in && touch /p6/in/old /p7/in/old && mkdir /d && touch /d/in
COPY --from=source /own /p6
COPY --from=source --chown=9:9 --chmod=750 /own /p7
COPY --from=source /own /d
COPY --from=source --chown=4 /own/y /q1/q2/y
COPY --from=source /own/in /own/y /many/
COPY --from=0 /o/ /numbered/
COPY --from=source /o/l /followed
COPY --from=source /o/p/x /o/l /two/
COPY --from=source /o/p/* /wild/
COPY --from=localhost/base /bin/busybox /other
COPY --from=source /abs /absolute
WORKDIR /w
COPY /script /tree/one ./
COPY ../tree/one up
COPY tree/./sub/. cur/
COPY script ..
COPY ["with space/a file", "tree/one", "/j dir/"]
COPY with* /spaces/
COPY tree/*/two /deep/
COPY tree/[^ao]* /set/
COPY tree/[!o]ne /set2/
