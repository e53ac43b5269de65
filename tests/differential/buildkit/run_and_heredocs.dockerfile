FROM localhost/base
RUN echo a > /a && \
    # comment
    echo b >/b \
    ; echo c >/c
RUN ["sh", "-c", "echo $HOME >/h"]
RUN   ["sh","-c","echo \u0041\u00e9 >/u"]
RUN [ "$HOME", "x" ] || echo shell >/s
RUN <<EOF
for i in 1 2; do
  echo "$i"
done >/loop
echo 'it'"'"'s' >>/loop
EOF
RUN cat <<'X' | tr a-z A-Z >/up
lower $HOME
X
COPY <<"A" <<B /ab/
$HOME
A
$HOME ${HOME#/} ${NOPE:-dflt} $(echo no) `echo no`
B
ENV X=a\ b\ \"c\"  Y='a\ b'   Z="a\ b"
RUN printf '%s|' "$X" "$Y" "$Z" >/xyz
CMD ["sh", "-c", "echo \"$X\""]
