FROM localhost/base
ENV A=1
ARG A=arg
RUN echo $A >/o1
ENV A=2
RUN echo $A >/o2
ARG A
RUN echo $A >/o3
ARG GIVEN
ENV GIVEN=env
RUN echo $GIVEN >/o4
ARG GIVEN=x
RUN echo $GIVEN >/o5
FROM localhost/base AS q
COPY --from=0 /o* /first/
ARG HOME=/argh
RUN echo $HOME >/o6
USER nobody
RUN echo $HOME >/tmp/o7
LABEL h=$HOME g=$GIVEN
