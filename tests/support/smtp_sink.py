#!/usr/bin/env python3
"""A mail server for tests, on this machine alone: takes what it is sent and keeps it.

    sink = smtp_sink.Sink("plain")
    ... "--smtp-url", sink.url ...
    mail = sink.wait("ann@example.com")

A mode says how it behaves:
    plain     takes mail of anybody
    auth      takes mail of ann, with the password s3cret:@/, in clear
    starttls  the same, and only over STARTTLS
    bare      the same as auth, and knows no encryption: for a client that must not tell it the password
    tls       the same as auth, encrypted from the first byte
    later     answers 451 to the first mail and takes the second
    never     answers 550 to every recipient
    broken    hangs up in the middle of a mail
    slow      says nothing at all

    smtp_sink.py DIRECTORY MODE...
serves until its standard input ends, for tests in other languages: prints a port a line, and writes what a client
said to DIRECTORY/MODE.said (commands, one a line) and its mails to DIRECTORY/MODE.mails. The certificate of its TLS
is DIRECTORY/cert.pem, for localhost.
"""
import base64
import email
import email.policy
import os
import re
import socket
import ssl
import subprocess
import sys
import threading
import time

USER, SECRET = "ann", "s3cret:@/"
WITH_PASSWORD = ("auth", "starttls", "bare", "tls")


def make_certificate(directory):
    """Signed by itself, good for localhost."""
    cert, key = os.path.join(directory, "cert.pem"), os.path.join(directory, "key.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                    "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
                    "-keyout", key, "-out", cert], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return cert, key


class Sink:
    def __init__(self, mode="plain", directory=None):
        self.mode = mode
        self.directory = directory
        self.mails = []  # (sender, recipient, bytes)
        self.said = []
        self.lock = threading.Condition()
        self.context = None
        if mode in ("tls", "starttls"):
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(os.path.join(directory, "cert.pem"), os.path.join(directory, "key.pem"))
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    @property
    def url(self):
        return "smtp://127.0.0.1:%d" % self.port

    def close(self):
        self.listening.close()

    def accept(self):
        while True:
            try:
                connection, _ = self.listening.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        try:
            with connection:
                if self.mode == "tls":
                    connection = self.context.wrap_socket(connection, server_side=True)
                Session(self, connection).run()
        except (OSError, ssl.SSLError, EOFError):
            pass

    def heard(self, command):
        with self.lock:
            self.said.append(command)
            if self.directory:
                with open(os.path.join(self.directory, self.mode + ".said"), "a", encoding="utf-8") as file:
                    file.write(command + "\n")

    def took(self, sender, recipient, content):
        with self.lock:
            self.mails.append((sender, recipient, content))
            if self.directory:
                with open(os.path.join(self.directory, self.mode + ".mails"), "ab") as file:
                    file.write(content)
            self.lock.notify_all()

    # -- for tests in Python

    def to(self, address):
        """The mails to an address, as messages."""
        with self.lock:
            return [email.message_from_bytes(content, policy=email.policy.default)
                    for _, recipient, content in self.mails if recipient == address]

    def wait(self, address, count=1, seconds=60):
        """The newest mail to an address, once there are so many."""
        until = time.monotonic() + seconds
        with self.lock:
            while sum(recipient == address for _, recipient, _ in self.mails) < count:
                assert self.lock.wait(until - time.monotonic()), "no mail to %s: %s" % (address, self.said)
        return self.to(address)[-1]


class Session:
    """One connection."""

    def __init__(self, sink, connection):
        self.sink, self.mode, self.connection = sink, sink.mode, connection
        self.file = connection.makefile("rb")
        self.encrypted = self.mode == "tls"
        self.known = self.mode not in WITH_PASSWORD
        self.sender = self.recipient = None

    def say(self, text):
        self.connection.sendall((text + "\r\n").encode())

    def line(self):
        line = self.file.readline()
        if not line.endswith(b"\r\n"):
            raise EOFError
        return line[:-2].decode("utf-8", "replace")

    def run(self):
        if self.mode == "slow":
            self.file.read(1)
            return
        self.say("220 sink")
        while True:
            line = self.line()
            self.sink.heard(line)
            word = line.split(" ")[0].upper()
            if word == "QUIT":
                self.say("221 bye")
                return
            getattr(self, "on_" + word.lower(), self.on_other)(line)

    def on_other(self, _line):
        self.say("502 what?")

    def on_ehlo(self, _line):
        offers = ["sink", "8BITMIME"]
        if self.mode == "starttls" and not self.encrypted:
            offers.append("STARTTLS")
        elif not self.known:
            offers.append("AUTH PLAIN")
        for offer in offers[:-1]:
            self.say("250-" + offer)
        self.say("250 " + offers[-1])

    def on_starttls(self, _line):
        self.say("220 go")
        self.connection = self.sink.context.wrap_socket(self.connection, server_side=True)
        self.file = self.connection.makefile("rb")
        self.encrypted = True

    def on_auth(self, line):
        given = line.split(" ")[2:]
        if not given:
            self.say("334 ")
            given = [self.line()]
        self.known = base64.b64decode(given[0]) == ("\0%s\0%s" % (USER, SECRET)).encode()
        self.say("235 welcome" if self.known else "535 no")

    def on_mail(self, line):
        if not self.known:
            self.say("530 who are you?")
            return
        self.sender = re.search("<(.*?)>", line).group(1)
        self.say("250 ok")

    def on_rcpt(self, line):
        self.recipient = re.search("<(.*?)>", line).group(1)
        refused = self.mode == "later" and self.sink.said.count(line) == 1
        self.say("451 come again" if refused else "550 nobody of that name" if self.mode == "never" else "250 ok")

    def on_data(self, _line):
        self.say("354 go on")
        lines = []
        while not lines or lines[-1] != b".\r\n":
            lines.append(self.file.readline())
            if not lines[-1] or self.mode == "broken":
                raise EOFError
        content = b"".join(line[1:] if line.startswith(b".") else line for line in lines[:-1])
        self.sink.took(self.sender, self.recipient, content)
        self.say("250 taken")


def main(directory, *modes):
    make_certificate(directory)
    for mode in modes:
        print(Sink(mode, directory).port)
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main(*sys.argv[1:])
