# escape=`
FROM localhost/base
ENV P=/a/b.tar.gz
RUN echo one`
 two > /lines
LABEL path="$P" e="${P:-none}"
COPY tree/on[ef] /set/
COPY tre?/link /one/
WORKDIR $P/x
RUN true
