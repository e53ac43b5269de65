FROM localhost/base AS s
RUN mkdir -p /x/y/z /x/k && echo 1 >/x/y/one && echo 2 >/x/k/one && ln -s y /x/l && echo 3 >/x/y/z/one && ln -s y/one /x/link
FROM localhost/base
COPY --from=s /x/*/one /o1/
COPY --from=s /x/l/z/* /o2/
COPY --from=s /x/*/z/one /o3/
COPY --from=s /x/li* /o4/
COPY --from=s /x/* /o5/
