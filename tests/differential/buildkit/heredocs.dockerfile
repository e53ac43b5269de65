FROM localhost/base
ENV WHO=world
COPY <<one.txt <<"two.txt" <<-three.txt /h/
hello $WHO ${WHO:-x} \$WHO "q" 'q' \\ \n
one.txt
hello $WHO ${X}
two.txt
	tabbed $WHO
		deeper
	three.txt
RUN <<EOT
#!/bin/sh
echo "script $0" | sed 's#/.*#PATH#' >/s1
echo $WHO >>/s1
EOT
RUN <<-'EOT' cat >/s2
	kept $WHO
	EOT
RUN cat <<A >/s3 && cat <<'B' >>/s3
a $WHO
A
b $WHO
B
COPY --chmod=0640 --chown=3:4 <<EOF /h/mode
x
EOF
COPY <<EOF /h/empty
EOF
ADD <<EOF /h/added
added
EOF
RUN <<EOT sh -e
echo piped > /s4
EOT
RUN <<EOT
	echo tabs >/s5
  cd /tmp
  pwd >>/s5
EOT
RUN <<-EOT
	echo chomp >/s6
	EOT
RUN <<EOT
#!/bin/busybox sh
echo "$WHO" >/s7
EOT
COPY <<a.txt package.json <<b.txt /mix/
A
a.txt
B
b.txt
RUN python=1 <<EOT && echo after >/s8
ignored
EOT
RUN <<EOT
false
echo continued >/s9
EOT
SHELL ["/bin/sh", "-ec"]
RUN <<EOT
true
echo shell >/s10
EOT
RUN 3<<EOT cat <&3 >/s11
fd three
EOT
