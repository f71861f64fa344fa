"""The addresses of a PostgreSQL database, as `--db` takes them: service files, PG* variables, passwords, TLS,
time-outs and options in the URL; and what is said where none of it works. Two servers on one database and a
proxy before them belong here too: they are tried as docs/deploy has them.

The cluster is this file's own: it listens on 127.0.0.1 with TLS, asks for passwords there, and trusts its
socket. Where PostgreSQL (or nginx) is not installed, the file (or that test) says so and is skipped.
"""
import glob
import hashlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request

SOURCE = os.environ.get("OBLIGOR_SOURCE", os.path.join(os.path.dirname(__file__), "..", ".."))
BINARY = os.environ.get("OBLIGOR_BIN", "")
sys.path.insert(0, os.path.join(SOURCE, "tests", "support"))
import postgres  # noqa: E402

SKIPPED = 77
ROLE = "counter"
PASSWORD = "p/ss w%rd:7"              # needs to be escaped in a URL
ESCAPED = "p%2Fss%20w%25rd%3A7"
HBA = ("local all all trust\n"
       "host all all 127.0.0.1/32 scram-sha-256\n")


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class TcpCluster(postgres.Cluster):
    """A cluster that can be reached over TCP too, with a password and a certificate."""

    def __init__(self, certificates):
        self.port = free_port()
        super().__init__({"listen_addresses": "127.0.0.1", "port": str(self.port),
                          "password_encryption": "scram-sha-256", "log_connections": "on"})
        try:
            self._put("pg_hba.conf", HBA.encode())
            for name in ("server.crt", "server.key"):
                with open(os.path.join(certificates, name), "rb") as file:
                    self._put(name, file.read())
            self.psql("ALTER SYSTEM SET ssl = 'on'")
            self.psql(f"CREATE ROLE {ROLE} LOGIN PASSWORD '{PASSWORD}'")
            self.psql(f"CREATE DATABASE ours OWNER {ROLE}")
            self.restart()
        except BaseException:
            self.close()
            raise

    def _put(self, name, content):
        path = os.path.join(self.data, name)
        with open(path, "wb") as file:
            file.write(content)
        os.chmod(path, 0o600)
        if self.owner:
            os.chown(path, self.owner["user"], self.owner["group"])

    def url(self, database="{database}"):
        return f"postgresql://{postgres.USER}@/{database}?host={self.directory}&port={self.port}"


def openssl(*arguments, directory):
    subprocess.run(["openssl", *arguments], cwd=directory, check=True, stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def make_certificates(directory):
    """A root, a server certificate for localhost signed by it, and a root that signed nothing."""
    for name in ("root", "stranger"):
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}",
                "-keyout", f"{name}.key", "-out", f"{name}.crt", directory=directory)
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-keyout", "server.key",
            "-out", "server.csr", directory=directory)
    with open(os.path.join(directory, "names"), "w", encoding="ascii") as file:
        file.write("subjectAltName=DNS:localhost\n")
    openssl("x509", "-req", "-in", "server.csr", "-CA", "root.crt", "-CAkey", "root.key",
            "-CAcreateserial", "-days", "2", "-extfile", "names", "-out", "server.crt",
            directory=directory)


def setUpModule():
    global files, cluster
    if postgres.find_programs() is None:
        print("SKIP: PostgreSQL is not installed: no connection was tried", flush=True)
        sys.exit(SKIPPED)
    files = tempfile.mkdtemp(prefix="obligor-connections-")
    try:
        make_certificates(files)
        cluster = TcpCluster(files)
    except BaseException:
        shutil.rmtree(files, ignore_errors=True)
        raise


def tearDownModule():
    cluster.close()
    shutil.rmtree(files, ignore_errors=True)


def clean_environment(given):
    """Without what the caller's own PostgreSQL needs."""
    kept = {name: value for name, value in os.environ.items()
            if not name.startswith(("PG", "OBLIGOR_"))}
    return {**kept, "HOME": files, **given}


def obligor(*arguments, **environment):
    return subprocess.run([BINARY, *arguments], env=clean_environment(environment), text=True,
                          stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=60)


class TestCase(unittest.TestCase):
    def tcp(self, query="", host="127.0.0.1", user=ROLE, password=ESCAPED, database="ours"):
        secret = f":{password}" if password is not None else ""
        return f"postgresql://{user}{secret}@{host}:{cluster.port}/{database}{query}"

    def works(self, url, **environment):
        done = obligor("migrate", "--db", url, "--json", **environment)
        self.assertEqual(done.returncode, 0, done.stderr)
        shown = json.loads(done.stdout)["schema"]
        self.assertEqual(shown["version"], shown["latest"])
        self.says_no_secret(done)
        return done

    def fails(self, url, message, cause=None, code=1, **environment):
        done = obligor("user", "list", "--db", url, **environment)
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertEqual(done.stdout, "")
        self.assertEqual(done.stderr.splitlines()[0], f"obligor: {message}")
        if cause is not None:
            self.assertRegex(done.stderr, cause)
        self.says_no_secret(done)
        return done

    def says_no_secret(self, done):
        for text in (done.stdout, done.stderr):
            self.assertNotIn(PASSWORD, text)
            self.assertNotIn(ESCAPED, text)

    def last_connection(self):
        """What the server wrote of the last one that signed in over TCP as our role."""
        lines = [line for line in cluster.log().splitlines()
                 if "connection authorized" in line and f"user={ROLE}" in line]
        return lines[-1]


class Addresses(TestCase):
    def test_the_socket(self):
        self.works(cluster.url("ours"))

    def test_the_short_scheme(self):
        self.works(cluster.url("ours").replace("postgresql://", "postgres://"))

    def test_a_service_file(self):
        path = os.path.join(files, "services")
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"[house]\nhost=127.0.0.1\nport={cluster.port}\nuser={ROLE}\ndbname=ours\n"
                       f"password={PASSWORD}\n")
        self.works("postgresql:///?service=house", PGSERVICEFILE=path)
        self.works("postgresql://", PGSERVICEFILE=path, PGSERVICE="house")
        self.fails("postgresql:///?service=barn", "The database is away. Try again in a moment.",
                   cause='definition of service "barn" not found', PGSERVICEFILE=path)

    def test_the_variables(self):
        given = {"PGHOST": "127.0.0.1", "PGPORT": str(cluster.port), "PGUSER": ROLE,
                 "PGDATABASE": "ours", "PGPASSWORD": PASSWORD}
        self.works("postgresql://", **given)
        self.works("postgres://", **given)
        self.works("postgresql:///ours", **{**given, "PGDATABASE": "nowhere"})

    def test_the_variable_of_the_program(self):
        done = obligor("migrate", OBLIGOR_DB=self.tcp())
        self.assertEqual(done.returncode, 0, done.stderr)
        self.says_no_secret(done)

    def test_several_hosts(self):
        """The first does not answer: the second is taken, as a pair with a failover has it."""
        dead = free_port()
        self.works(f"postgresql://{ROLE}:{ESCAPED}@127.0.0.1:{dead},127.0.0.1:{cluster.port}/ours"
                   "?target_session_attrs=read-write")


class Passwords(TestCase):
    def test_in_the_url(self):
        self.works(self.tcp())
        self.assertIn("SSL enabled", self.last_connection())       # the default prefers it

    def test_in_the_query(self):
        self.works(self.tcp(f"?password={ESCAPED}", password=None))

    def test_in_the_variable(self):
        self.works(self.tcp(password=None), PGPASSWORD=PASSWORD)

    def test_in_a_file(self):
        path = os.path.join(files, "pgpass")
        escaped = PASSWORD.replace(":", "\\:")
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"127.0.0.1:{cluster.port}:ours:{ROLE}:{escaped}\n")
        os.chmod(path, 0o600)
        self.works(self.tcp(password=None), PGPASSFILE=path)

    def test_wrong(self):
        done = self.fails(self.tcp(password="not-the-one"), "The database refused the sign-in.",
                          cause="password authentication failed")
        self.assertNotIn("not-the-one", done.stderr)
        self.assertIn(f"{ROLE}:***@", done.stderr)

    def test_none(self):
        self.fails(self.tcp(password=None), "The database is away. Try again in a moment.",
                   cause="no password supplied")

    def test_config_masks_it(self):
        done = obligor("config", "--db", self.tcp(f"?password={ESCAPED}"))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(f"{ROLE}:***@", done.stdout)
        self.says_no_secret(done)


class Encryption(TestCase):
    def test_required(self):
        self.works(self.tcp("?sslmode=require"))
        self.assertIn("SSL enabled", self.last_connection())

    def test_refused_by_the_client(self):
        self.works(self.tcp("?sslmode=disable"))
        self.assertNotIn("SSL enabled", self.last_connection())

    def full(self, root, host):
        return self.tcp(f"?sslmode=verify-full&sslrootcert={files}/{root}.crt&hostaddr=127.0.0.1", host=host)

    def test_verified(self):
        self.works(self.full("root", "localhost"))
        self.assertIn("SSL enabled", self.last_connection())

    def test_another_root(self):
        self.fails(self.full("stranger", "localhost"), "The database is away. Try again in a moment.",
                   cause="certificate verify failed")

    def test_another_name(self):
        self.fails(self.full("root", "db.example.com"), "The database is away. Try again in a moment.",
                   cause='does not match host name "db.example.com"')

    def test_no_such_mode(self):
        self.fails(self.tcp("?sslmode=perhaps"), "The database is away. Try again in a moment.",
                   cause='invalid sslmode value: "perhaps"')

    def test_no_root(self):
        self.fails(self.full("missing", "localhost"), "The database is away. Try again in a moment.",
                   cause='root certificate file "[^"]*" does not exist')


class Options(TestCase):
    def test_settings_reach_the_server(self):
        self.works(self.tcp("?options=-csearch_path%3Delsewhere,public&application_name=teller"))
        self.assertIn("application_name=teller", self.last_connection())
        cluster.psql(f"CREATE SCHEMA apart AUTHORIZATION {ROLE}", "ours")
        self.works(self.tcp("?options=-csearch_path%3Dapart"))
        self.assertEqual(cluster.psql("SELECT count(*) FROM apart.schema_migrations", "ours").strip(),
                         cluster.psql("SELECT count(*) FROM public.schema_migrations", "ours").strip())

    def test_our_name_by_default(self):
        self.works(self.tcp())
        self.assertIn("application_name=obligor", self.last_connection())

    def test_a_wrong_setting(self):
        self.fails(self.tcp("?options=-cno_such_thing%3D1"), "The database is away. Try again in a moment.",
                   cause="unrecognized configuration parameter")

    def silent_host(self):
        """Takes connections and says nothing."""
        silent = socket.socket()
        silent.bind(("127.0.0.1", 0))
        silent.listen(8)
        self.addCleanup(silent.close)
        return silent.getsockname()[1]

    def test_patience(self):
        """libpq waits two seconds at least, and without a word of ours ten."""
        port = self.silent_host()
        for query, given in (("?connect_timeout=2", {}), ("", {"PGCONNECT_TIMEOUT": "2"})):
            began = time.monotonic()
            self.fails(f"postgresql://{ROLE}:{ESCAPED}@127.0.0.1:{port}/ours{query}",
                       "The database is away. Try again in a moment.", cause="timeout expired", **given)
            self.assertLess(time.monotonic() - began, 8)


class Refusals(TestCase):
    def test_nobody_there(self):
        self.fails(f"postgresql://{ROLE}:{ESCAPED}@127.0.0.1:{free_port()}/ours",
                   "The database is away. Try again in a moment.", cause="Connection refused")

    def test_no_such_name(self):
        self.fails(f"postgresql://{ROLE}:{ESCAPED}@db.invalid/ours",
                   "The database is away. Try again in a moment.", cause="could not translate host name")

    def test_no_such_database(self):
        self.fails(self.tcp(database="nowhere"), "There is no such database.",
                   cause='database "nowhere" does not exist')

    def test_no_such_role(self):
        self.fails(cluster.url("ours").replace(postgres.USER + "@", f"nobody:{ESCAPED}@"),
                   "The database refused the sign-in.", cause='role "nobody" does not exist')

    def test_addresses_that_cannot_be_read(self):
        for rest in (f"{ROLE}:{ESCAPED}@/ours?nonsense=1", f"{ROLE}:{ESCAPED}@[::1/ours",
                     f"{ROLE}:{ESCAPED}@/ours?host", f"{ROLE}:{ESCAPED}%zz@/ours"):
            with self.subTest(rest=rest):
                self.fails("postgresql://" + rest,
                           "The database URL is not understood. Write it as sqlite:PATH or "
                           "postgresql://HOST/DATABASE.")

    def test_too_many(self):
        cluster.psql(f"ALTER ROLE {ROLE} CONNECTION LIMIT 0")
        self.addCleanup(cluster.psql, f"ALTER ROLE {ROLE} CONNECTION LIMIT -1")
        self.fails(self.tcp(), "The database has no room or no connections left.",
                   cause="too many connections")

    def test_a_server_says_the_same(self):
        done = obligor("serve", "--listen", "127.0.0.1:0", "--db", self.tcp(password="not-the-one"))
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stderr.splitlines()[0], "obligor: The database refused the sign-in.")
        self.assertNotIn("not-the-one", done.stdout + done.stderr)


class Distribution(TestCase):
    def test_without_citus_nothing_changes(self):
        if cluster.psql("SELECT 1 FROM pg_available_extensions WHERE name = 'citus'").strip():
            self.skipTest("this PostgreSQL has citus")
        url = cluster.create("undistributed")
        for extra in ([], ["--dry-run"]):
            done = obligor("migrate", "--distributed", *extra, "--db", url)
            self.assertEqual(done.returncode, 3, done.stderr)
            self.assertEqual(done.stdout, "")
            self.assertEqual(done.stderr, "obligor: The database has not got the extension citus, without "
                                          "which its tables cannot be distributed. Nothing was changed.\n")
        self.assertEqual(cluster.psql("SELECT count(*) FROM pg_class WHERE relnamespace = "
                                      "'public'::regnamespace", "undistributed").strip(), "0")

    def test_with_citus_it_is_done(self):
        if not cluster.psql("SELECT 1 FROM pg_available_extensions WHERE name = 'citus'").strip():
            print("SKIP: no citus here: nothing was really distributed", flush=True)
            self.skipTest("citus is not installed")
        url = cluster.create("distributed")
        cluster.psql("CREATE EXTENSION citus", "distributed")
        planned = json.loads(obligor("migrate", "--distributed", "--dry-run", "--json", "--db", url).stdout)
        done = json.loads(obligor("migrate", "--distributed", "--json", "--db", url).stdout)
        self.assertEqual(done["distributed"], planned["to_distribute"])
        self.assertEqual(len(done["distributed"]), 16)
        again = json.loads(obligor("migrate", "--distributed", "--json", "--db", url).stdout)
        self.assertEqual(again["distributed"], [])


# --- what docs/deploy/postgresql.md has to be typed ----------------------------------------------

def page():
    with open(os.path.join(SOURCE, "docs", "deploy", "postgresql.md"), encoding="utf-8") as file:
        return file.read()


def typed(url, text):
    done = subprocess.run([os.path.join(cluster.programs, "psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1",
                           "-d", url], input=text, text=True, capture_output=True, check=False)
    return done.returncode, done.stderr


class ThePage(TestCase):
    """Roles, settings and numbers are those of the page."""

    def as_role(self, role):
        return cluster.url("obligor").replace(postgres.USER + "@", role + "@")

    def test_two_roles_are_enough(self):
        roles, idle, thresholds = re.findall(r"```sql\n(.*?)```", page(), re.S)
        self.assertEqual(typed(cluster.url("postgres"), roles), (0, ""))
        self.assertEqual(typed(cluster.url("postgres"), idle), (0, ""))
        refused = obligor("migrate", "--db", self.as_role("obligor_app"))
        self.assertEqual(refused.returncode, 1)                     # may not make tables
        done = obligor("migrate", "--db", self.as_role("obligor_owner"))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(typed(self.as_role("obligor_owner"), thresholds), (0, ""))
        self.assertEqual(typed(self.as_role("obligor_app"), "DROP TABLE companies")[0], 3)
        self.work_as_the_other()

    def work_as_the_other(self):
        url = self.as_role("obligor_app")
        for arguments in (("user", "add", "--email", "ann@example.com", "--verified", "--password-stdin"),
                          ("model", "add", os.path.join(SOURCE, "models", "annual-default.json"),
                           "--activate"),
                          ("import", os.path.join(SOURCE, "samples", "annual-sample.csv"), "--type",
                           "annual", "--user", "ann@example.com", "--json")):
            done = subprocess.run([BINARY, *arguments, "--db", url], input="correct horse 1\n", text=True,
                                  env=clean_environment({}), check=False, capture_output=True)
            self.assertEqual(done.returncode, 0, done.stderr)
        count = "SELECT count(*) FROM annual_predictions"
        self.assertGreater(int(cluster.psql(count, "obligor")), 0)
        job = re.search(r'"id":\s*"([^"]+)"', done.stdout).group(1)
        done = obligor("jobs", "delete", job, "--with-predictions", "--user", "ann@example.com", "--db", url)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(int(cluster.psql(count, "obligor")), 0)

    def connections(self):
        return int(cluster.psql("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'obligor' "
                                "AND datname = 'counted'"))

    def test_connections_are_as_many(self):
        url = cluster.create("counted")
        self.works(url)
        for arguments, most in ((("--threads", "3"), 4), (("--threads", "3", "--workers", "2"), 16)):
            server = Server(self, url, *arguments)
            for _ in range(20):
                self.assertEqual(call("GET", f"http://127.0.0.1:{server.port}/readyz")[0], 200)
            self.assertTrue(1 <= self.connections() <= most, self.connections())
            server.stop()
        worker = Program(self, "worker", "--db", url)
        for _ in range(100):
            if self.connections() >= 7:
                break
            time.sleep(0.05)
        self.assertEqual(self.connections(), 7)
        worker.stop()


# --- several servers behind a proxy --------------------------------------------------------------

class Program:
    """A process of ours that is stopped behind the test."""

    def __init__(self, test, *arguments):
        self.process = subprocess.Popen([BINARY, *arguments], env=clean_environment({}), text=True,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL)
        test.addCleanup(self.stop)

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(30)
        self.process.stdout.close()


class Server(Program):
    def __init__(self, test, url, *more):
        super().__init__(test, "serve", "--workers", "0", "--listen", "127.0.0.1:0", "--db", url, *more)
        first = self.process.stdout.readline()
        self.port = int(re.search(r"127\.0\.0\.1:(\d+)", first).group(1))


def call(method, url, body=None, token=None, content="application/json"):
    headers = {"Content-Type": content}
    if token:
        headers["Authorization"] = "Bearer " + token
    request = urllib.request.Request(url, data=body, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, dict(answer.headers), answer.read()
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, dict(refusal.headers), refusal.read()


def example_of_proxy():
    """What is tried is what is written there."""
    return re.search(r"```nginx\n(.*?)```", page(), re.S).group(1)


class Behind(TestCase):
    """Two servers and two workers on one database, and nginx before the servers."""

    def set_up_house(self, *more):
        database = "house_" + hashlib.sha256(self.id().encode()).hexdigest()[:8]
        url = cluster.create(database)
        self.works(url)
        for arguments in (("user", "add", "--email", "ann@example.com", "--verified", "--password-stdin"),
                          ("model", "add", os.path.join(SOURCE, "models", "annual-default.json"),
                           "--activate")):
            subprocess.run([BINARY, *arguments, "--db", url], input="correct horse 1\n", text=True,
                           env=clean_environment({}), check=True, capture_output=True)
        return url, [Server(self, url, *more) for _ in range(2)]

    def start_proxy(self, ports):
        nginx = shutil.which("nginx") or next(iter(glob.glob("/usr/sbin/nginx")), None)
        if nginx is None:
            print("SKIP: nginx is not installed: the proxy was not tried", flush=True)
            self.skipTest("nginx is not installed")
        directory = tempfile.mkdtemp(prefix="obligor-nginx-")
        self.addCleanup(shutil.rmtree, directory, True)
        os.chmod(directory, 0o755)
        port = free_port()
        text = example_of_proxy()
        # Names and places of a real host give way to those of the test; nothing else is changed.
        text = text.replace("10.0.0.11:8000", f"127.0.0.1:{ports[0]}")
        text = text.replace("10.0.0.12:8000", f"127.0.0.1:{ports[1]}")
        text = text.replace("listen 443 ssl", f"listen 127.0.0.1:{port} ssl")
        text = text.replace("/etc/obligor/tls.crt", os.path.join(files, "server.crt"))
        text = text.replace("/etc/obligor/tls.key", os.path.join(files, "server.key"))
        path = os.path.join(directory, "nginx.conf")
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"daemon off; pid {directory}/pid; error_log {directory}/error.log;\n"
                       + ("user root;\n" if os.geteuid() == 0 else "")
                       + "events {}\nhttp {\naccess_log off;\n"
                       + "".join(f"{kind}_temp_path {directory}/{kind};\n" for kind in
                                 ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
                       + text + "}\n")
        process = subprocess.Popen([nginx, "-p", directory, "-c", path], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait, 30)
        self.addCleanup(process.terminate)
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return port, directory
            except OSError:
                if process.poll() is not None:
                    self.fail(process.stdout.read().decode())
                time.sleep(0.05)
        self.fail("nginx does not listen")
        return None, None

    def curl(self, port, *arguments):
        done = subprocess.run(["curl", "-sS", "--cacert", os.path.join(files, "root.crt"), "--resolve",
                               f"localhost:{port}:127.0.0.1", "-i", *arguments],
                              capture_output=True, check=False, timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr)
        said = done.stdout.decode()
        while re.match(r"HTTP/[\d.]+ 100", said):
            said = said.split("\r\n\r\n", 1)[1]
        head, body = said.split("\r\n\r\n", 1)
        headers = {line.split(":", 1)[0].lower(): line.split(":", 1)[1].strip()
                   for line in head.splitlines()[1:]}
        return int(head.split()[1]), headers, body

    def sign_in(self, base):
        body = json.dumps({"email": "ann@example.com", "password": "correct horse 1"}).encode()
        status, _, answer = call("POST", base + "/api/v1/auth/login", body)
        self.assertEqual(status, 200, answer)
        found = re.search(r'"access_token":\s*"([^"]+)"', answer.decode())
        return found.group(1)

    def test_a_session_is_good_at_every_server(self):
        _, servers = self.set_up_house()
        bases = [f"http://127.0.0.1:{server.port}" for server in servers]
        token = self.sign_in(bases[0])
        for base in bases:
            self.assertEqual(call("GET", base + "/api/v1/predictions/jobs", token=token)[0], 200)

    def test_an_upload_through_the_proxy(self):
        url, servers = self.set_up_house()
        port, directory = self.start_proxy([server.port for server in servers])
        token = self.sign_in(f"http://127.0.0.1:{servers[0].port}")
        base = f"https://localhost:{port}"
        sample = os.path.join(SOURCE, "samples", "annual-sample.csv")
        bearer = "Authorization: Bearer " + token
        status, _, body = self.curl(port, "-H", bearer, "-F", f"file=@{sample}",
                                    base + "/api/v1/predictions/annual/bulk-upload-async")
        self.assertEqual(status, 202, body)
        job = re.search(r'"job_id":\s*"([^"]+)"|"id":\s*"([^"]+)"', body)
        job = next(part for part in job.groups() if part)
        for _ in range(2):
            Program(self, "worker", "--db", url)
        for _ in range(300):
            status, _, body = self.curl(port, "-H", bearer, f"{base}/api/v1/predictions/jobs/{job}")
            self.assertEqual(status, 200, body)
            if '"status":"completed"' in body.replace(" ", ""):
                break
            time.sleep(0.1)
        else:
            self.fail(body)
        self.assertEqual(os.listdir(os.path.join(directory, "client_body"))
                         if os.path.isdir(os.path.join(directory, "client_body")) else [], [])

    def test_a_large_body_is_not_the_proxys_business(self):
        """What is too large is refused by Obligor, in its own words."""
        _, servers = self.set_up_house("--max-upload", "1MiB")
        port, _ = self.start_proxy([server.port for server in servers])
        token = self.sign_in(f"http://127.0.0.1:{servers[0].port}")
        large = os.path.join(files, "large.csv")
        with open(large, "wb") as file:
            file.write(b"x" * (3 << 19)) # beyond twice the limit the connection is cut, in the proxy's midst
        status, headers, body = self.curl(port, "-H", "Authorization: Bearer " + token, "-F",
                                          f"file=@{large}", f"https://localhost:{port}"
                                          "/api/v1/predictions/annual/bulk-upload-async")
        self.assertEqual(status, 413, body)
        self.assertEqual(headers["content-type"], "application/problem+json")

    def test_the_database_goes_and_comes_back(self):
        """While it is away the answer is 503 with Retry-After, through the proxy too; behind its return
        nothing has to be started again."""
        _, servers = self.set_up_house()
        port, _ = self.start_proxy([server.port for server in servers])
        token = self.sign_in(f"http://127.0.0.1:{servers[0].port}")
        ask = ("-H", "Authorization: Bearer " + token, f"https://localhost:{port}/api/v1/predictions/jobs")
        self.assertEqual(self.curl(port, *ask)[0], 200)
        cluster.stop("fast")
        try:
            status, headers, body = self.curl(port, *ask)
        finally:
            cluster.start()
        self.assertEqual(status, 503, body)
        self.assertRegex(headers.get("retry-after", ""), r"\A\d+\Z")
        self.assertEqual(headers["content-type"], "application/problem+json")
        answers = []
        for _ in range(40):
            answers.append(self.curl(port, *ask)[0])
            if answers[-4:] == [200] * 4:
                break
            time.sleep(0.25)
        self.assertEqual(answers[-4:], [200] * 4)

    def test_one_server_stops(self):
        """A rolling restart: the other one answers, and the proxy asks it."""
        _, servers = self.set_up_house()
        port, _ = self.start_proxy([server.port for server in servers])
        token = self.sign_in(f"http://127.0.0.1:{servers[0].port}")
        ask = ("-H", "Authorization: Bearer " + token, f"https://localhost:{port}/api/v1/predictions/jobs")
        servers[0].stop()
        self.assertEqual([self.curl(port, *ask)[0] for _ in range(6)], [200] * 6)


if __name__ == "__main__":
    unittest.main(verbosity=2)
