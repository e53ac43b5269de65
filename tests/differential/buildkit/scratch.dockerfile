FROM scratch
WORKDIR /w
COPY package.json .
COPY docs /d/
ENV P=$PATH
USER 5:6
ENTRYPOINT ["/x"]
CMD []
