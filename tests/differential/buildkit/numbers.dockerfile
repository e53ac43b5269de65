FROM localhost/base
RUN echo zero >/z
FROM localhost/base
RUN echo one >/o
FROM localhost/base
COPY --from=0 /z /
COPY --from=1 /o /
COPY --from=localhost/base /etc/group /gr
