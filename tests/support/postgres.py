#!/usr/bin/env python3
"""Runs a command beside a private PostgreSQL cluster that is gone when it ends.

    postgres.py COMMAND [ARGUMENT…]

The cluster listens on a socket in a temporary directory alone; its address is in OBLIGOR_TEST_POSTGRES, to be
completed by a database's name. Durability is off: what is tested is the program, not the disk. Where
PostgreSQL is not installed the command runs without the address, and the tests that want it say so.
"""
import glob
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile

SETTINGS = {
    "listen_addresses": "", "fsync": "off", "synchronous_commit": "off", "full_page_writes": "off",
    "max_connections": "200", "shared_buffers": "128MB", "max_wal_size": "2GB", "timezone": "UTC",
}


def find_programs():
    return max(glob.glob("/usr/lib/postgresql/*/bin"), default=None,
               key=lambda path: int(path.split("/")[-2]))


def as_postgres():
    """PostgreSQL does not run as root."""
    if os.geteuid() != 0:
        return {}
    user = pwd.getpwnam("postgres")
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def start(programs, directory, owner):
    data = os.path.join(directory, "data")
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": directory, **owner}
    subprocess.run([programs + "/initdb", "-D", data, "-A", "trust", "-U", "postgres",
                    "--locale=C.UTF-8", "--no-sync"], check=True, **quiet)
    with open(os.path.join(data, "postgresql.conf"), "a") as conf:
        conf.write(f"unix_socket_directories = '{directory}'\n")
        conf.writelines(f"{name} = '{value}'\n" for name, value in SETTINGS.items())
    subprocess.run([programs + "/pg_ctl", "-D", data, "-w", "-l", directory + "/log", "start"],
                   check=True, **quiet)
    return data, quiet


def main():
    command = sys.argv[1:]
    programs = find_programs()
    if programs is None:
        print("postgres.py: PostgreSQL is not installed; its tests skip", flush=True)
        return subprocess.call(command)
    owner = as_postgres()
    directory = tempfile.mkdtemp(prefix="obligor-pg-")
    data = None
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        if owner:
            os.chown(directory, owner["user"], owner["group"])
            os.chmod(directory, 0o755)
        data, quiet = start(programs, directory, owner)
        url = f"postgresql://postgres@/{{database}}?host={directory}"
        return subprocess.call(command, env={**os.environ, "OBLIGOR_TEST_POSTGRES": url})
    finally:
        if data is not None:
            subprocess.run([programs + "/pg_ctl", "-D", data, "-m", "immediate", "stop"], check=False,
                           **quiet)
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
