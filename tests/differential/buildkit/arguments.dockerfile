ARG A=a
ARG B=${A}b
ARG GIVEN
ARG C
FROM localhost/base AS one
ARG A
ARG B
ARG GIVEN
ARG C
ARG D=${B}-${GIVEN}-${C:-noc}
RUN echo "$A|$B|$GIVEN|$C|$D" >/o
FROM one AS two
RUN echo "$A|$B|$GIVEN|$C|$D" >/o2
ARG A=again
ENV B=envb
RUN echo "$A|$B|$D" >/o3
ARG B=argb
RUN echo "$A|$B|$D" >/o4
ENV E=$B
ENV B=last
RUN echo "$B $E" >/o5
ARG X=1 Y="two words" Z='$X'
RUN echo "$X|$Y|$Z" >/o6
ARG PATH=/bin:/x
RUN echo $PATH >/o7
