#!/bin/sh
# Runs workerd so that it ends with the Node process that started it, even if that is killed.
if command -v setpriv >/dev/null 2>&1; then
  exec setpriv --pdeathsig KILL -- "$GATEHOUSE_WORKERD" "$@"
fi
exec "$GATEHOUSE_WORKERD" "$@"
