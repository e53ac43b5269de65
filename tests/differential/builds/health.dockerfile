FROM localhost/base
HEALTHCHECK --interval=5s --timeout=1m30s --start-period=2s --retries=4 CMD wget -q http://localhost/ || exit 1
CMD ["sh"]
ENTRYPOINT exec top -b
