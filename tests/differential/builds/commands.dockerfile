FROM localhost/base AS a
CMD echo a
ENTRYPOINT ["/bin/x"]
HEALTHCHECK --timeout=1s CMD true
FROM a AS b
ENTRYPOINT /bin/y z
HEALTHCHECK NONE
FROM b
CMD ["c", 'd']
ENTRYPOINT ["e"]
STOPSIGNAL SIGRTMIN+3
