FROM localhost/base
RUN mkdir -p /over/sub && echo old >/over/one && chmod 700 /over/sub && chown 3:3 /over/sub
RUN mkdir -m 755 /tt && mkdir -m 700 /tt/sub /tt/empty
RUN mkdir -p /real/sub /q && ln -s /real /q/alias && ln -s /real/sub /q/sub && mkdir -p /z/one /z/link && touch /z/sub
ADD archive.tar /over
ADD --chmod=600 archive.tar /mode
ADD archive.tar /tt
ADD archive.tar /q/alias/
ADD archive.tar /q
ADD archive.tar /z
ADD tree/one archive.tar /mix/
ADD --chown=1:2 tree /plain
