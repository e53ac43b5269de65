# escape=`
FROM localhost/base
ENV A=b`
  c=d
RUN echo one `
  # comment
  two >/esc
COPY app/src C`:/x
WORKDIR C:\foo
ENV W=C:\a\b X="C:\c" Y=a`$A Z="`"q`"" V=`\ 
RUN echo "a\nb" >/esc2
