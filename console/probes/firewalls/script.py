"""An order that pfSense's own PHP carries out, whatever it changes: how it is sent, and what it said at its end."""

import base64
import json
from collections.abc import Mapping
from typing import Any

from console.probes.ask import Ran, Run
from console.probes.parsing import dig
from console.text import plain_text

MAX_RESULT = 1 << 16
"""Characters of a script's result: it is read between two keys, and what haproxy -c complains of in it is no novel."""


def order(requires: str, acts: str, payload: Mapping[str, Any]) -> Run:
    """`requires`: what of pfSense is loaded, and functions of the script's own. `acts`: what it does, with `payload` in
    $drainboard."""
    encoded = base64.b64encode(json.dumps(payload, sort_keys=True).encode()).decode()
    shared = _SHARED.replace("@PAYLOAD@", encoded)
    return Run(("/usr/local/bin/php", "-q"), stdin=f"{requires}{shared}\n{acts}", root=True, timeout=60)


_SHARED = """\
$drainboard = json_decode(base64_decode('@PAYLOAD@'), true);

function drainboard_end($result) {
    echo "\\ndrainboard " . json_encode($result, JSON_PARTIAL_OUTPUT_ON_ERROR) . "\\n";
    exit(0);
}

function drainboard_refuse($why) { drainboard_end(array('ok' => false, 'why' => $why)); }

/* Reads config.xml from the disk into $config. Returns the hash it had just before. */
function drainboard_read() {
    global $config, $g;
    $hash = hash_file('sha256', "{$g['cf_conf_path']}/config.xml");
    if (function_exists('config_read_file')) {
        $read = config_read_file(false, false);  /* 2.8 on: sets $config, past the cache, and says if it could */
    } else {
        $config = function_exists('parse_config') ? parse_config(true) : null;  /* up to 2.7: the array itself */
        $read = true;
    }
    if ($hash === false || !$read || !is_array($config)) { drainboard_refuse('this pfSense could not read config.xml'); }
    return $hash;
}
"""  # noqa: E501 -- PHP, kept one statement a line


def refusal(answer: Ran) -> str | None:
    """Why such a script did not do it, or None. Only a reason: that it did is read back from config.xml."""
    # The last line that is a result, "" where none is, without cutting megabytes into lines.
    said = f"\n{answer.out}".rpartition("\ndrainboard ")[2].partition("\n")[0]
    try:
        result = json.loads(said) if len(said) <= MAX_RESULT else None
    except (ValueError, RecursionError):
        result = None
    if not isinstance(result, dict):
        return f"pfSense's PHP ended with status {answer.status} and no result"
    if dig(result, "ok") is True:
        return None
    return plain_text(str(dig(result, "why") or "")) or "pfSense's PHP gave no reason"
