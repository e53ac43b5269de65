FROM localhost/base AS src
RUN mkdir /out && echo built >/out/f
FROM localhost/base
RUN --mount=type=bind,from=src,source=/out,target=/in cp /in/f /f1
RUN --mount=from=src,target=/in ls /in/out >/f2
WORKDIR /w
RUN --mount=type=bind,target=. ls -a | sort >/tmp/f3; cp /tmp/f3 /f3
RUN --mount=type=bind,target=/c,rw echo w >/c/new && ls /c >/f4
RUN --mount=type=tmpfs,target=/t echo x >/t/x && stat -c %a /t >/f5
RUN --mount=type=cache,target=/cache,id=k,uid=5,gid=6,mode=0711 stat -c '%u %g %a' /cache >/f6; echo c >/cache/c
RUN --mount=type=secret,id=none,target=/sec,required=false ls /sec >/f8 2>&1 || true
RUN --mount=type=bind,source=package.json,target=/pj cat /pj >/f9
RUN --mount=type=cache,target=/cache3,from=src,source=/out ls /cache3 >/f10
RUN --network=none ls /sys/class/net >/f11
RUN --mount=type=bind,source=app,target=/place/app --mount=type=tmpfs,target=/place/tmp ls /place >/f12
RUN --mount=type=cache,target=rel/cache echo x >rel/cache/x; ls -d rel/cache >/f13
ENV M=pkg
RUN --mount=type=bind,source=${M},target=/$M ls /$M >/f14
RUN --mount=type=cache,target=/c5,sharing=private touch /c5/x; ls /c5 >/f15
RUN --mount=type=bind,target=/no touch /no/x 2>/f16; test -s /f16 && echo ro >/f16
RUN --mount=type=tmpfs,target=/t,size=1m df -k /t | tail -1 | tr -s ' ' | cut -d' ' -f2 >/f17
