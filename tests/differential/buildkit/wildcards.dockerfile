FROM localhost/base
COPY *.json /j/
COPY app/src/*/*.js /js/
COPY conf.d/[12]0-?.conf /c/
COPY br[[]1].txt /b1
COPY st\*r.txt /s1
COPY q\?.txt /q1
COPY ["sp ace/f g", "/sp aced/f g"]
COPY p* /ps/
COPY docs/a/b /ab
COPY docs/a/../a/b/b.md /clean
COPY ./conf.d/10-a.conf ../x/../y
COPY /package.json /abs
COPY app/b?n/run.sh app/src/ind*.js /mixed/
COPY * /star/
COPY .* /dots/
COPY */ /stardir/
COPY app/*/ /ad
