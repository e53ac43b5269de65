FROM localhost/base
COPY users /etc/passwd
COPY groups /etc/group
COPY --chown=ann script /a
COPY --chown=ann:staff script /b
COPY --chown=ann:annies tree /c
COPY --chown=1000:staff script /d
USER ann
RUN id > /tmp/id; touch /tmp/mine
WORKDIR /home/ann/work
RUN touch here 2>/dev/null || true
USER root:staff
RUN id -g > /gid
