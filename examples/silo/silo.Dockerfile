FROM scratch
COPY bin/silo /silo
EXPOSE 10300 10400
ENTRYPOINT ["/silo"]
