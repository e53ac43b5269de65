# syntax is not a directive here
# escape=`

FROM localhost/base
   # indented comment
RUN echo a \
# comment in the middle
    # indented comment in the middle

    b \
  > /o
  ENV   X=1   Y=2   
	LABEL	t=1
RUN echo "# not a comment" >/o2 # shell comment
RUN echo 'x \
y' >/o3
RUN echo c; \

  echo d >/o4
CMD ["x", \
  "y"]
