#!/bin/sh
# workerd that ends with the Node process that started it, also when that one is killed.
if command -v setpriv >/dev/null 2>&1; then
  exec setpriv --pdeathsig KILL -- "$GATEHOUSE_WORKERD" "$@"
fi
exec "$GATEHOUSE_WORKERD" "$@"
