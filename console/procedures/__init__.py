"""The procedures: each a tuple of steps, listed here and nowhere else."""

from collections.abc import Mapping

from console.guards import Action
from console.procedures.persistent import LATER, LATER_BACK
from console.procedures.power import CLOSE, FIT, REBOOT, STOP_GLUSTER, STOP_MYSQL
from console.procedures.runtime import NOW, NOW_BACK, TRAFFIC, UP
from console.procedures.sessions import SESSIONS
from console.procedures.steps import Procedure

TAKE_OUT: Procedure = (NOW, LATER, SESSIONS)
PUT_BACK: Procedure = (LATER_BACK, NOW_BACK, UP, TRAFFIC)

PROCEDURES: Mapping[Action, Procedure] = {
    Action.DRAIN: TAKE_OUT,
    Action.REMOVE: (NOW, LATER),
    Action.REJOIN: (FIT, *PUT_BACK),
    Action.UNDO: (LATER_BACK, NOW_BACK),
    Action.REBOOT: (*TAKE_OUT, CLOSE, STOP_MYSQL, STOP_GLUSTER, REBOOT, FIT, *PUT_BACK),
}
