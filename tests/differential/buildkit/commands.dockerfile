FROM localhost/base AS a
CMD ["base-cmd"]
ENTRYPOINT ["e"]
FROM a AS b
ENTRYPOINT ["e2"]
FROM b
CMD x && y
CMD ["not json', "x"]
