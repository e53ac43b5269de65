FROM scratch
ENV P=$PATH
FROM localhost/base
ENV PATH=
ENV Q=$PATH
