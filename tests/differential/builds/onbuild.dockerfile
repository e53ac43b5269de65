FROM localhost/base AS parent
ONBUILD COPY script /triggered
ONBUILD RUN echo trigger > /trigger
FROM parent
RUN echo child > /child
