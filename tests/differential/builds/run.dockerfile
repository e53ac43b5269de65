FROM localhost/base
RUN echo shell form > /shell && ln -s /shell /link && ln /shell /hard && mkfifo /fifo
RUN ["/bin/sh", "-c", "echo exec form > /exec"]
RUN mkdir -p /d/e/f && chmod 1777 /d && chown 8:9 /d/e && echo x > /d/e/f/g
RUN rm /shell && rm -rf /d/e && mkdir /d/e && echo new > /d/e/new
RUN rm -rf /bin/renamed; true
RUN chmod 4755 /exec && chown 1:2 /exec
RUN mv /hard /moved && rm -f /link && mkdir /link
SHELL ["/bin/sh", "-e", "-c"]
RUN false || echo shell > /was-shell
RUN echo "$0" \
    # a comment inside
    "continued" > /continued
