FROM localhost/base AS base
RUN echo b >/b
FROM scratch AS copy
COPY --from=base /b /etc/passwd /c/
FROM localhost/base
RUN --mount=type=bind,from=copy,target=/m cp -r /m/c /c
COPY --from=copy /c/b /c/b2
ONBUILD RUN true
ONBUILD COPY --from=copy /c /d
