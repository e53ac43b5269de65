FROM scratch AS parent
ADD rootfs.tar /
ONBUILD COPY script /triggered
ONBUILD RUN echo trigger > /trigger
FROM parent
RUN echo child > /child
