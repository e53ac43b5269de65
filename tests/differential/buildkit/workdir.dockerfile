FROM localhost/base
ENV D=dir
WORKDIR $D
RUN pwd >/p
WORKDIR a/../b
RUN pwd >>/p
WORKDIR /tmp
WORKDIR /etc/../x y
RUN pwd >>/p
WORKDIR "/q r"
RUN pwd >>/p
WORKDIR /s\ t
RUN pwd >>/p
WORKDIR ./
WORKDIR ..
RUN pwd >>/p
