"""What is said of one kind of finding beyond its sentence."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Explanation:
    """`causes`: the likeliest first. `look`: commands, and where to give them, which tell the causes apart."""

    means: str
    causes: tuple[str, ...]
    look: tuple[str, ...]


DEBIAN_OR_CENTOS_MYSQL = (
    "node: journalctl -n 100 -u mariadb -u mysql -u mysqld (Debian: mariadb or mysql, CentOS: mysqld)"
)
APACHE_LOG = "node: tail -n 50 /var/log/apache2/error.log (Debian), /var/log/httpd/error_log (CentOS)"
WSREP = "node: mysql -e \"SHOW GLOBAL STATUS LIKE 'wsrep_%'\""
