FROM scratch
COPY script /
