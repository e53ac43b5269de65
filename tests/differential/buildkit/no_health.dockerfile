FROM localhost/base AS a
HEALTHCHECK --interval=1m30s --timeout=500ms --start-interval=2s CMD ["curl", "-f", "http://x/"]
FROM a AS b
HEALTHCHECK NONE
FROM b
