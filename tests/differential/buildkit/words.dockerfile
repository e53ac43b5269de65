FROM localhost/base
ENV V=/usr/local/lib/foo.tar.gz E= U=x.y.z
ENV A1=${V#*/} A2=${V##*/} A3=${V%.*} A4=${V%%.*} A5=${V/local/LOCAL} A6=${V//\//_} A7=${V/l*b/X} A8=${V//o/}
ENV B1=${E:-e} B2=${E-e} B3=${E:+e} B4=${E+e} B5=${N:-n} B6=${N-n} B7=${N:+n} B8=${N+n} B9=${N:-${V##*/}} B10=${N:-"q r"} B11=${N:-'$V'}
ENV C1="$V" C2='$V' C3=\$V C4=$V$U C5=${V}x C6=$Vx C7=a\ b C8="a\ b" C9="a\"b" C10='a"b' C11=a"b c"d C12=$ C14=a$ C15="\$V" C16="\\" C17=\\
ENV D1=${U%.*}${U#*.} D2="${U/./-}" D3=${U/[xy]/-} D4=${U/?/-} D5=${U#[!x]} D6=${U#[^x]} D7=${U%.[a-z]}
ENV F1=$1 F2=$10 F3=${1:-d} F4=$A1B F5=${A1}B
LABEL x=$V "y z"=w 'q'='$V' n.m="a\
b" k=" sp "
ENV legacy a b  c   d
ENV legacy2 "a  b" $V
ENV G1="multi \
  line" G2=x
WORKDIR ${N:-/wd}/$U
USER ${N:-0}
VOLUME ["/v1", "/v 2"] 
VOLUME /v3 $V
EXPOSE 80 443/udp ${N:-53}/tcp 8000-8002
STOPSIGNAL ${N:-TERM}
COPY ${N:-package.json} /cp/${U}
COPY ["${N:-package.json}", "/cp2/$U"]
ENTRYPOINT ["x", "$V"]
MAINTAINER me $U
