FROM localhost/base
RUN mkdir /data && echo before >/data/before
VOLUME /data /other
RUN echo after >/data/after; mkdir -p /other; echo x >/other/x
COPY package.json /data/
RUN ls /data >/listing
VOLUME relative/path
VOLUME ["/js on"]
