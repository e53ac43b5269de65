# comment
FROM localhost/base
ENV A="b c" \
    D=e
RUN echo $A \
 && true >/x
COPY <<EOF /crlf
line
EOF
CMD ["a", "b"]
