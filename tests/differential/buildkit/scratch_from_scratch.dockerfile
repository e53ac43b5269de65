FROM scratch AS a
COPY package.json /only
FROM scratch
COPY --from=a / /
LABEL a=b
