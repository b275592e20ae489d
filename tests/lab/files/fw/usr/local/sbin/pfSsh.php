#!/bin/sh
# Only `pfSsh.php playback NAME` of the developer shell.
[ "${1:-}" = playback ] && [ -r "/etc/phpshellsessions/${2:-}" ] || { echo "Error: playback of ${2:-nothing}" >&2; exit 1; }
exec /usr/local/bin/php -q "/etc/phpshellsessions/$2"
