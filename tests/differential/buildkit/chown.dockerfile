FROM localhost/base
COPY --chown=nobody app /a
COPY --chown=nobody:root app/bin/run.sh /new/dir/run.sh
COPY --chown=:65534 package.json /g
COPY --chown=12:nogroup package.json /ng
COPY --chown=55 docs /deep/er/docs
WORKDIR /wd/x
COPY --chown=nobody:nogroup package.json .
USER nobody
WORKDIR /uw/y
COPY package.json .
RUN touch mine 2>/dev/null || touch /tmp/mine
