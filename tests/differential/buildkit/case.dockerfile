from localhost/base as First
env A=1
run echo $A >/a
From first As sECOND
cOpY --from=FIRST /a /b
copy --from=0 /a /c
