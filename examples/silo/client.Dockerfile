FROM scratch
COPY bin/client /client
ENTRYPOINT ["/client"]
