"""The layer web."""

from console.causes.explanation import APACHE_LOG, Explanation
from console.health import Kind

STATUS = "node: curl -s 'http://127.0.0.1/server-status?auto'"

EXPLANATIONS: dict[Kind, Explanation] = {
    Kind.VISIT_SILENT: Explanation(
        "The check URL through the virtual address gave no answer: visitors get none either, if the way from where it"
        " is asked is theirs.",
        (
            "no firewall holds the address: see the firewalls' findings",
            "a failover is under way, about three seconds",
            "the load balancer does not run, or does not listen on that address",
            "the console, or the machine named by `via`, has no way to the address",
        ),
        ("console: curl -sv --connect-timeout 3 URL", "firewall: sockstat -4l | grep -E 'haproxy|:80|:443'"),
    ),
    Kind.VISIT_ERROR: Explanation(
        "Visitors get an error page through the virtual address. 503 comes from HAProxy when nobody serves the pool;"
        " 403 from Apache when the volume lost its quorum or is not mounted; 500 from the site.",
        ("nobody serves the pool", "the page itself fails: database or volume", "the check URL does not exist"),
        ("console: curl -si URL | head -20", APACHE_LOG),
    ),
    Kind.SITE_SILENT: Explanation(
        "Asked on the node itself, Apache does not answer the check URL. The pools' checks take it out by themselves.",
        ("Apache is stopped, or failed to start after a change", "all workers hang: a hung mount, a hung database"),
        (
            "node: systemctl status apache2 (Debian), httpd (CentOS); apachectl configtest",
            APACHE_LOG,
            "node: ps -eo pid,stat,wchan:30,args | grep -E 'apache2|httpd' (D: waits for a disk or a mount)",
        ),
    ),
    Kind.SITE_ERROR: Explanation(
        "Asked on the node itself, Apache answers the check URL with an error.",
        (
            "403: the volume is not mounted, or has no quorum",
            "500: PHP, or the database it reads",
            "404: the check URL of the inventory is wrong, or wants another host name (`host`)",
        ),
        ("node: curl -si http://127.0.0.1/CHECK-URL | head -20", APACHE_LOG, "node: findmnt -t fuse.glusterfs"),
    ),
    Kind.APACHE_UNKNOWN: Explanation(
        "How many of Apache's workers are busy is not known: a node that is full shows no other sign until its check"
        " times out.",
        (
            "mod_status is off, or /server-status is not allowed from 127.0.0.1",
            "a rewrite rule or a virtual host of the site catches /server-status",
            "Apache has no free worker to answer with",
        ),
        (STATUS, "node: a2enmod status (Debian); grep -r server-status /etc/httpd /etc/apache2"),
    ),
    Kind.APACHE_FULL: Explanation(
        "Every worker is busy: new visitors wait in the listen queue, and the pool's check may time out next.",
        (
            "pages are slow: a locked table, a slow query, a hung mount",
            "more visitors, or robots, than usual; fewer nodes than usual",
            "MaxRequestWorkers is lower than the memory allows",
        ),
        (
            STATUS,
            "node: mysql -e 'SHOW FULL PROCESSLIST'",
            "node: tail -n 200 access.log | awk '{print $1}' | sort | uniq -c",
        ),
    ),
    Kind.APACHE_NEARLY_FULL: Explanation(
        "Most workers are busy. Keep-alive connections count too (letter K of the scoreboard).",
        ("a rush of visitors", "KeepAliveTimeout is long (prefork)", "pages are slower than usual"),
        (STATUS, "node: grep -rE 'MaxRequestWorkers|MaxClients|KeepAliveTimeout' /etc/apache2 /etc/httpd"),
    ),
    Kind.EXTENDED_STATUS_OFF: Explanation(
        "mod_status counts no requests without `ExtendedStatus On`: requests and bytes a second are not known there.",
        ("it is the default before Apache 2.3.6", "it was switched off"),
        ("node: grep -ri extendedstatus /etc/apache2 /etc/httpd",),
    ),
}
