FROM localhost/base
RUN echo 'app:x:1001:1002:App:/home/app:/bin/sh' >>/etc/passwd && echo 'grp:x:1005:app' >>/etc/group && echo 'extra:x:1006:app' >>/etc/group
USER app
RUN id >/tmp/i1; echo $HOME >>/tmp/i1
USER app:grp
RUN id >/tmp/i2
USER 1001
RUN id >/tmp/i3; echo $HOME >>/tmp/i3
USER 1001:1005
RUN id >/tmp/i4
USER 4444
RUN id -u >/tmp/i5; echo "$HOME" >>/tmp/i5
USER 0
WORKDIR /made
USER app
WORKDIR /made2
RUN touch /tmp/x
