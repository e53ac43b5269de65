FROM localhost/base AS a
CMD
ENTRYPOINT
FROM a
CMD [ ]
ENTRYPOINT []
RUN [ "sh", "-c", "echo $0 'q' >/o" , "zero" ]
