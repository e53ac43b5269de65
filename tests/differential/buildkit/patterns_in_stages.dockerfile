FROM localhost/base AS s
RUN mkdir -p /x/y && echo 1 >/x/y/one && echo 2 >/x/y/two && ln -s y /x/l && ln -s /x/y/one /x/f && chmod 600 /x/y/one && chown 7 /x/y
FROM localhost/base
COPY --from=s /x/*/one /o1
COPY --from=s /x/l/* /o2/
COPY --from=s /x/y/t?o /x/f /o3/
COPY --from=s --chown=nobody /x /o4
COPY --from=s /x/./y /o5/
COPY --from=s x/y /o6
COPY --from=s --chmod=o-rwx /x/y /o7
ENV SRC=/x/y DST=/o8
COPY --from=s $SRC/two ${DST}/
COPY --from=s ["/x/y/one", "/x/y/two", "/o9/"]
COPY --from=s --exclude=two /x/y /o10
