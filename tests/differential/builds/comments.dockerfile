# a comment
#syntax=x

# escape=`
FROM localhost/base
   # an indented one
  RUN echo indented >/i
run echo lower >/l
RUN echo "a # no comment" >/h
RUN echo one && \
# inner

  echo two >/t
RUN ["/bin/sh", "-c", "echo \"q\" >/q"]
RUN [ "$HOME" = "/root" ] && touch /a-shell-test || touch /no-shell-test
ENV X="a   b"   Y=c
copy script   /s
RUN touch /bits && chmod 6755 /bits && chown 5:6 /bits && mkdir -m 3777 /sticky && cp -p /bits /bits2; chown 7 /bits
COPY --chmod=4755 script /sticky/
RUN echo x >/etc/hostname; mkdir -p /run/x /dev/shm/y /tmp/z; touch /run/x/f
VOLUME /x/../y
CMD   echo   "a  b"   $HOME \
   next
HEALTHCHECK --interval=90s CMD ["/bin/true", "x"]
EXPOSE 53/udp 53/tcp 80
EXPOSE 80/tcp 81/udp
STOPSIGNAL 9
