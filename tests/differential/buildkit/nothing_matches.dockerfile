FROM localhost/base
COPY nothere* /nm/
