FROM localhost/base
RUN mkdir -m 1777 /ex && chown 5:5 /ex && mkdir -m 700 /ex/a && chown 6:6 /ex/a
ADD oddroot.tar /ex
ADD oddroot.tar /newroot
ADD oddroot.tar /new/deep/root/
ADD --chown=1:2 oddroot.tar /ch
ADD --chown=1:2 oddroot.tar /ex/ch/x
RUN mkdir /ex2 && mkdir /ex2/a
ADD --chown=1:2 oddroot.tar /ex2
ADD --chown=1:2 --chmod=640 oddroot.tar package.json /both/
ADD layer.tar.zst /t4
