FROM scratch
ADD rootfs.tar /
ADD archive.tar /tar
ADD archive.tar.gz /gz/
ADD archive.tar.xz /xz
ADD plain.gz /plain/
ADD tree /tree
ADD script /usr/local/new/dir/script
