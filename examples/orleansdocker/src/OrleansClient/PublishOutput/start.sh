#!/bin/sh
# Stands for the client: says once a second how many silos answer to the name orleans-silo.
trap 'echo "client is leaving"; exit 0' TERM INT
while :; do
  count=$(nslookup -type=a orleans-silo 2>/dev/null | grep -c '^Name:')
  echo "[$(date '+%F %T')] - orleans-silo has $count addresses"
  sleep 1 &
  wait $!
done
