#!/bin/sh
# Stands for a silo: serves its own name on port 10400 until it is told to stop.
trap 'echo "silo $(hostname) is leaving"; exit 0' TERM INT
echo "silo $(hostname) is up"
while :; do
  echo "Hello from $(hostname)" | nc -l -p 10400 &
  wait $!
done
