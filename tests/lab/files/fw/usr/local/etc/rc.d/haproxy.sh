#!/bin/sh
# The package's rc script.
case "$1" in
start | restart | reload) call='haproxy_check_run(1)' ;;
stop) call='haproxy_kill()' ;;
*) call='haproxy_check_run(0)' ;;
esac
echo "<?php require_once('haproxy/haproxy.inc'); $call;" | /usr/local/bin/php -q
