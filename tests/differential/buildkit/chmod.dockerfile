FROM localhost/base
COPY --chmod=u=rwX,go=rX app /a
COPY --chmod=a-w ro /r
COPY --chmod=755 app /b
COPY --chmod=g+s,o= conf.d /c
COPY --chmod=700 package.json /d/e/f
COPY --chmod=go-rwx,u+x package.json crlf.txt /m/
COPY --chmod=0 package.json /zero
ADD --chmod=444 docs /n
COPY --chmod=u+s app/bin/run.sh /su
COPY --chmod=2755 app/bin/run.sh /sg
COPY --chmod=700 docs /existing/
COPY --chmod=711 docs /existing/
COPY --chmod=700 --chown=4 app docs /two/
COPY --chmod=755 docs/a/ /deep/er/
RUN mkdir -m 1777 /old
COPY --chmod=700 --chown=5:5 app /old
COPY --chmod=+x package.json /px
COPY --chmod=g=u package.json /gu
COPY --chmod=u=rw,g=r,o= docs /uro
