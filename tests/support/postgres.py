#!/usr/bin/env python3
"""A private PostgreSQL cluster that is gone when its user ends: as a command, and for Python tests.

    postgres.py COMMAND [ARGUMENT…]

runs the command beside a cluster; its address is in OBLIGOR_TEST_POSTGRES, to be completed by a database's
name. Where PostgreSQL is not installed the command runs without the address, and the tests that want it say so.

A cluster listens on a socket in a temporary directory alone. Durability is off: what is tested is the program,
not the disk.

    with Cluster() as cluster:
        url = cluster.create("name")
        cluster.restart("immediate")
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
USER = "postgres"
FRESH = "OBLIGOR_TEST_PGDATA"  # a data directory as initdb leaves it, to be copied: that costs a tenth


def find_programs():
    """The directory of the newest PostgreSQL's programs; None where there is none."""
    return max(glob.glob("/usr/lib/postgresql/*/bin"), default=None,
               key=lambda path: int(path.split("/")[-2]))


def as_postgres():
    """PostgreSQL does not run as root."""
    if os.geteuid() != 0:
        return {}
    user = pwd.getpwnam("postgres")
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def make_directory():
    """For a cluster, or for what goes into one."""
    directory = tempfile.mkdtemp(prefix="obligor-pg-")
    owner = as_postgres()
    if owner:
        os.chown(directory, owner["user"], owner["group"])
        os.chmod(directory, 0o755)
    return directory


def run_program(directory, *command):
    done = subprocess.run(command, cwd=directory, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False, **as_postgres())
    assert done.returncode == 0, f"{command[0]} gave {done.returncode}: {done.stdout}"


def init(directory, data):
    if FRESH in os.environ:
        run_program(directory, "cp", "-a", os.environ[FRESH], data)
    else:
        run_program(directory, os.path.join(find_programs(), "initdb"), "-D", data, "-A", "trust", "-U", USER,
                    "--locale=C.UTF-8", "--no-sync")


def database_url(pattern, database):
    """The address of a database of the cluster that OBLIGOR_TEST_POSTGRES names."""
    return pattern.replace("{database}", database)


def _psql(url, *arguments):
    return [os.path.join(find_programs(), "psql"), "-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-d", url,
            *arguments]


def psql(url, statement):
    """What one or more statements print: rows on lines, columns divided by |."""
    done = subprocess.run(_psql(url, "-c", statement), stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0, f"psql: {done.stderr}"
    return done.stdout


def psql_session(url):
    """psql as a process that reads statements from its `stdin`; its transaction ends with it."""
    return subprocess.Popen(_psql(url), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


class Cluster:
    """One running PostgreSQL with a data directory of its own. `settings` come on top of SETTINGS; `copy_of`
    makes it a streaming replica of another cluster."""

    def __init__(self, settings=None, copy_of=None):
        self.programs = find_programs()
        assert self.programs is not None, "PostgreSQL is not installed"
        self.owner = as_postgres()
        self.directory = make_directory()
        self.data = os.path.join(self.directory, "data")
        self.running = False
        try:
            if copy_of is None:
                init(self.directory, self.data)
            else:
                run_program(self.directory, os.path.join(self.programs, "pg_basebackup"),
                            "-D", self.data, "-h", copy_of.directory, "-U", USER, "-X", "stream",
                            "--write-recovery-conf", "--checkpoint=fast", "--no-sync")
            with open(os.path.join(self.data, "postgresql.conf"), "a", encoding="ascii") as conf:
                conf.write(f"unix_socket_directories = '{self.directory}'\n")
                conf.writelines(f"{name} = '{value}'\n"
                                for name, value in {**SETTINGS, **(settings or {})}.items())
            self.start()
        except BaseException:
            self.close()
            raise

    def _control(self, *arguments):
        # Its output goes to a file: the server that it starts would hold a pipe open for ever.
        with open(os.path.join(self.directory, "pg_ctl.out"), "ab") as said:
            done = subprocess.run([os.path.join(self.programs, "pg_ctl"), "-D", self.data, "-w", *arguments],
                                  cwd=self.directory, stdin=subprocess.DEVNULL, stdout=said, stderr=said,
                                  check=False, **self.owner)
        assert done.returncode == 0, f"pg_ctl {arguments} gave {done.returncode}: {self.log()[-2000:]}"

    def start(self):
        self._control("-l", os.path.join(self.directory, "log"), "start")
        self.running = True

    def stop(self, mode="fast"):
        """"immediate" is like a power failure, "fast" cuts the connections and shuts down in good order."""
        self._control("-m", mode, "stop")
        self.running = False

    def restart(self, mode="fast"):
        self.stop(mode)
        self.start()

    def log(self):
        path = os.path.join(self.directory, "log")
        if not os.path.exists(path):
            return ""
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def url(self, database="{database}"):
        return f"postgresql://{USER}@/{database}?host={self.directory}"

    def psql(self, statement, database="postgres"):
        """What one or more statements print: rows on lines, columns divided by |."""
        return psql(self.url(database), statement)

    def create(self, database, template=None):
        """The address of a new database, empty or a copy of `template`, which nobody may use meanwhile."""
        copied = ""
        if template is not None:
            version = int(self.programs.split("/")[-2])  # before 15 files are copied anyway
            copied = f" TEMPLATE {template}" + (" STRATEGY file_copy" if version >= 15 else "")
        self.psql(f"CREATE DATABASE {database}{copied}")
        return self.url(database)

    def close(self):
        if self.running or os.path.exists(os.path.join(self.data, "postmaster.pid")):
            try:
                self.stop("immediate")
            except AssertionError:
                pass
        shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def main():
    command = sys.argv[1:]
    if find_programs() is None:
        print("postgres.py: PostgreSQL is not installed; its tests skip", flush=True)
        return subprocess.call(command)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    directory = make_directory()
    try:
        fresh = os.path.join(directory, "fresh")
        init(directory, fresh)
        os.environ[FRESH] = fresh
        with Cluster() as cluster:
            return subprocess.call(command, env={**os.environ, "OBLIGOR_TEST_POSTGRES": cluster.url()})
    finally:
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
