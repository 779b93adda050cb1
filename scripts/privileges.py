"""Run what refuses to run as root, when we are root."""

import os
import pwd
from pathlib import Path

from scripts.problems import Problem


class Unprivileged:
    """
    Who runs PostgreSQL, which refuses to run as root: we ourselves, or as root the user `nobody`.

    No user is made and no directory is opened for it: where one above the files is closed to others (a clone
    under /root), the server keeps the one right to pass, CAP_DAC_OVERRIDE. `for_child` is USER of `child.py`.
    """

    def __init__(self, for_child: str, uid: int, gid: int) -> None:
        self.for_child = for_child
        self.uid = uid
        self.gid = gid

    @classmethod
    def find(cls, program: Path, data: Path) -> "Unprivileged":
        """
        Who may run `program` over the directory `data`, which need not be there yet.

        Raises:
            Problem: we are root, and this machine has no user `nobody`.
        """
        if os.geteuid() != 0:
            return cls("-", os.geteuid(), os.getegid())
        if data.exists() and data.stat().st_uid != 0:
            uid, gid = data.stat().st_uid, data.stat().st_gid
        else:
            try:
                nobody = pwd.getpwnam("nobody")
            except KeyError as error:
                raise Problem(
                    "PostgreSQL does not run as root, and there is no user nobody: start as another user."
                ) from error
            uid, gid = nobody.pw_uid, nobody.pw_gid
        may_enter = _open_to_all(program) and _open_to_all(data.parent)
        return cls(f"{uid}:{gid}" if may_enter else f"{uid}:{gid}:reach", uid, gid)

    def own(self, directory: Path) -> None:
        """Give it an empty directory that we just made."""
        if os.geteuid() == 0:
            os.chown(directory, self.uid, self.gid)


def _open_to_all(path: Path) -> bool:
    path = path.resolve()
    return all(part.stat().st_mode & 0o001 for part in (path, *path.parents))
