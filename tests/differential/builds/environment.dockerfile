ARG TOP=top
ARG BASE=localhost/base
FROM ${BASE} AS first
ARG TOP
ARG OTHER=other
ARG GIVEN=default
ARG EMPTY
ARG DERIVED=$OTHER-x
RUN echo "$TOP $OTHER $GIVEN [$EMPTY] $DERIVED" >/args
ENV OTHER=env
RUN echo "$OTHER" >/over
ENV A=1 G=$A$B H=${A}x I="${A:-z}" J='$A' K=\$A
ENV A=2 L=$A
ENV M=a"b"c N="it's" O='say "hi"' P= Q=""
ENV R=${NONE:+yes} S=${A:+yes} T=${NONE:-$A}
ENV C 1 2 3
ENV long=a\
b \
  next=c
RUN env | grep '^[A-Z]=' | sort >/env
LABEL "com.example.vendor"="ACME Incorporated" version='1.0'
LABEL description="This text illustrates \
that label-values can span multiple lines."
LABEL multi.label1="value1" \
      multi.label2="value2" arg=$GIVEN top=${TOP} esc="a\"b" dollar="\$x"
COPY ${A:+script} /${A}/
FROM first
ARG TARGETPLATFORM
ARG TARGETOS
ARG TARGETARCH
RUN echo "$TARGETPLATFORM $TARGETOS $TARGETARCH" >/second
ARG TOP=override
RUN echo "[$TOP]" >>/second
ENV DIR=/path
WORKDIR $DIR/$UNKNOWN
WORKDIR ${DIR}/sub
RUN pwd >here
