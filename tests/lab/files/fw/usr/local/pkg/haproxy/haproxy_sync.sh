#!/bin/sh
echo '<?php require_once("haproxy/haproxy.inc"); haproxy_do_xmlrpc_sync();' | /usr/local/bin/php -q
