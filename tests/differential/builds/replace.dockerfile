FROM localhost/base
RUN mkdir -p /real/dir && ln -s /real/dir /alias && echo old > /real/dir/old && chown 11:12 /real/dir && chmod 0711 /real/dir
COPY tree /alias/
COPY script /alias
COPY tree/sub /real/dir/sub
RUN ln -s /nowhere /dangling
RUN rm -rf /real && echo file > /real
RUN rm /real && mkdir -p /real/again
