FROM localhost/base
ENV A=1
ENV A=2 B=$A
ENV B=$A
RUN unset A; export C=3; echo $A$B$C >/o
ENV HOME=/h TERM=x HOSTNAME=y
RUN echo "$HOME $TERM" >/o2; env | cut -d= -f1 | sort >/o3
RUN cd / && pwd >/o4; echo $PWD >>/o4
RUN umask >/o5; id >/o8; stat -c '%a %u' /dev/shm /dev/null >/o9; grep -c localhost /etc/hosts >/o11
