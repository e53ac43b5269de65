FROM localhost/base
RUN echo 'joe:x:1234:1235:Joe:/home/joe:/bin/sh' >>/etc/passwd; echo 'grp:x:2222:joe' >>/etc/group; echo 'joe:x:1235:' >>/etc/group
RUN mkdir -m 777 /pub
USER joe
RUN id >/pub/joe; echo $HOME >/pub/home
USER joe:grp
RUN id >/pub/joegrp
USER 1234:5
RUN id >/pub/numbers
USER 4321
RUN id >/pub/unknown; echo "$HOME" >/pub/unknown-home
COPY --chown=joe:grp script /pub/c1
COPY --chown=1234 script /pub/c2
COPY script /pub/c3
WORKDIR /u/v
USER nobody
WORKDIR /n/m
USER root
RUN echo $HOME >/pub/root-home; umask >/pub/umask
