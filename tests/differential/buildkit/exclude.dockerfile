FROM localhost/base
COPY --exclude=*.test.js --exclude=bin app /e1
COPY --exclude=**/*.test.js app /e2/
COPY --exclude=package-lock.json *.json /e3/
COPY --exclude=docs/a --exclude=*.tar* --exclude=*.tgz . /e4/
COPY --exclude=** --exclude=!app/src app /e5/
ADD --exclude=src app /e6
