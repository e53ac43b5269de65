FROM localhost/base AS base
RUN echo b >/b
FROM base AS Mid
USER nobody
WORKDIR /mid
ENV E=mid
CMD ["mid"]
FROM mid
COPY --from=base /b .
RUN id -u >/tmp/u; echo $E >/tmp/e
