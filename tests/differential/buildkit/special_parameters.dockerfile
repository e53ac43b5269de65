FROM localhost/base
ENV U=x.y.z V=a*b W='a/b'
ENV A=${U//./} B=${U//?/ab} C=${U/x/$V} D=${V/\*/S} E=${V#a\*} F=${W//\//-} G=${U/q/r} H=${U//./\/}
ENV I=${U:+${V:-x}} J="${U:+"q"}"
ENV L=$@ M=$* N=$? O=$$ P=$! Q=$0
