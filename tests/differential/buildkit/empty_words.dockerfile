FROM localhost/base
ENV P="80 443" E=a==b F==g G="=h" H=i=j=k
RUN echo "$E $F $G $H" >/o
ENV I= J="" K='' L=""x
LABEL empty= also=""
RUN env | grep -E '^[A-Z]=' | sort >/env
