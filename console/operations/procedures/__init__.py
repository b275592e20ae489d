"""The procedures: each a tuple of steps, listed here and nowhere else."""

from collections.abc import Mapping

from console.operations.guards import Action
from console.operations.procedures.persistent import LATER, LATER_BACK
from console.operations.procedures.power import CLOSE, FIT, REBOOT, STOP_GLUSTER, STOP_MYSQL
from console.operations.procedures.runtime import NOW, NOW_BACK, TRAFFIC, UP
from console.operations.procedures.sessions import SESSIONS
from console.operations.procedures.steps import Procedure

TAKE_OUT: Procedure = (NOW, LATER, SESSIONS)
PUT_BACK: Procedure = (LATER_BACK, NOW_BACK, UP, TRAFFIC)

PROCEDURES: Mapping[Action, Procedure] = {
    Action.DRAIN: TAKE_OUT,
    Action.REMOVE: (NOW, LATER),
    Action.REJOIN: (FIT, *PUT_BACK),
    Action.UNDO: (LATER_BACK, NOW_BACK),
    Action.REBOOT: (*TAKE_OUT, CLOSE, STOP_MYSQL, STOP_GLUSTER, REBOOT, FIT, *PUT_BACK),
}
