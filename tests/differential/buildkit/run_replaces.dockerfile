FROM localhost/base
RUN rm -rf /var && mkdir -m 1711 /var && ln -s /etc /var/e
RUN rm -rf /app /srv; mv /tmp /tmp2 && mkdir /tmp; chmod 700 /root
RUN setfattr 2>/dev/null; mkfifo /fifo; mknod /nul c 1 3; echo x >/x; ln /x /y; rm /x; cp -a /bin/busybox /bb; chmod u+s /bb
RUN mkdir -p /many/$(seq -s/ 30 | tr -d ' ') && touch "/many/we ird	x"
RUN rm /bb && mkdir /bb && rm -rf /many && echo file >/many && rm /nul && ln -s x /nul
