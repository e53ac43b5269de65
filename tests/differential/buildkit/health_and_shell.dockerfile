FROM localhost/base
HEALTHCHECK --interval=0s CMD echo "a b" $X
SHELL ["/bin/busybox", "sh", "-c"]
HEALTHCHECK --retries=0 CMD [ "x", "y" ]
