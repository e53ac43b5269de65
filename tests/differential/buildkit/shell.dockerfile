FROM localhost/base AS shell
SHELL ["/bin/sh", "-exc"]
RUN echo "$0 $-" >/flags
CMD echo hi
ENTRYPOINT entry $HOME
SHELL ["/bin/busybox", "sh", "-c"]
RUN echo two >>/flags
HEALTHCHECK CMD test -f /x
FROM shell
CMD again
