FROM localhost/base
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
ENV VIRTUAL_ENV=/opt/venv
ENV PATH="$VIRTUAL_ENV/bin:$PATH"
RUN set -eux; \
	\
	savedAptMark="manual"; \
# a comment that a shell would not see
	mkdir -p /opt/venv/bin; \
	for x in a b; do \
		echo "$x" >>/opt/list; \
	done; \
	\
	echo done "$savedAptMark" >>/opt/list
RUN ["/bin/sh", "-c", "echo \"$PATH\" > /path; echo $VIRTUAL_ENV >> /path"]
WORKDIR /srv
COPY pkg/*.go .
STOPSIGNAL SIGINT
CMD exec gunicorn --bind :$PORT main:app
