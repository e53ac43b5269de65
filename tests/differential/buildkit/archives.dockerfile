FROM localhost/base
ADD layer.tar /t1
ADD layer.tgz /t2/
ADD layer.tar.bz2 /t3
ADD noroot.tar /t5
ADD fake.tar /t6
ADD layer.tar package.json /t7/
ADD --chown=1:2 layer.tar /t8
ADD --chmod=700 layer.tar /t9
COPY fake.tar /t10
ADD layer.tar ./
WORKDIR /w
ADD layer.tar .
ADD layer.tar sub
ADD docs layer.tgz /t11/
ADD lay*.tgz /t12/
ADD --unpack=false fake.tar /u1
ADD --unpack=true layer.tar /u2
