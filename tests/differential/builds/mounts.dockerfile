FROM localhost/base AS source
RUN mkdir -p /data/x && echo d >/data/x/f
FROM localhost/base
RUN --mount=type=bind,target=/ctx,source=tree/sub/deep cp -r /ctx /got; ls -A /ctx >/ls
RUN --mount=type=bind,from=source,source=/data,target=/data cat /data/x/f >/df
RUN --mount=type=cache,target=/cache echo c >/cache/c; cat /cache/c >/cl
RUN --mount=type=tmpfs,target=/tf echo t >/tf/t && ls /tf >/tl
RUN --mount=type=bind,from=source,source=/data/x/f,target=/f cat /f >/onef
RUN ls -d /ctx /data /cache /tf /f >/left 2>&1; true
