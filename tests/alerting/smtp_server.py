"""A local SMTP server (RFC 5321, STARTTLS, AUTH PLAIN) on 127.0.0.1, with faults by verb.

It runs in a thread, since the program's SMTP library does: a blocking socket for each connection.
"""

from __future__ import annotations

import base64
import socket
import socketserver
import ssl
import threading
from collections import defaultdict, deque
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from types import TracebackType

HERE = Path(__file__).parent
CA = HERE / "tls" / "localhost.pem"
USER, PASSWORD = "fengsheng", "pass-0f1e2d3c"


@dataclass(frozen=True)
class Delivered:
    sender: str
    recipients: tuple[str, ...]
    mail: EmailMessage


class SmtpServer:
    """``with SmtpServer() as server`` serves until the block ends.

    Attributes
    ----------
    answers : by verb (``RCPT``, ``DATA``, ``END`` after the mail …), what the next ones are answered in
        place of success; ``drop`` closes the connection, ``taken-drop`` after keeping the mail.
    """

    def __init__(self, *, tls: bool = False, starttls: bool = True, login: bool = True) -> None:
        self.delivered: list[Delivered] = []
        self.verbs: list[str] = []
        self.answers: dict[str, deque[str]] = defaultdict(deque)
        self.unknown: set[str] = set()
        self.put_off: set[str] = set()
        self.starttls, self.login = starttls, login
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(CA, HERE / "tls" / "localhost.key")
        outer = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                sock: socket.socket = self.request
                try:
                    if tls:
                        sock = outer._context.wrap_socket(sock, server_side=True)
                    _Session(outer, sock, secured=tls).run()
                except (OSError, ssl.SSLError):
                    pass  # the client went away, as some tests want
                finally:
                    sock.close()

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True
            block_on_close = False

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    def __enter__(self) -> SmtpServer:
        self._thread.start()
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def fail(self, verb: str, *answers: str) -> None:
        self.answers[verb].extend(answers)


class _Session:
    def __init__(self, server: SmtpServer, sock: socket.socket, secured: bool) -> None:
        self.server, self.sock, self.secured = server, sock, secured
        self.lines = sock.makefile("rb")
        self.user = False
        self.sender, self.recipients = "", list[str]()

    def say(self, text: str) -> None:
        self.sock.sendall(text.encode() + b"\r\n")

    def line(self) -> str:
        return self.lines.readline(65536).decode("utf-8", "replace").rstrip("\r\n")

    def run(self) -> None:
        try:
            self.say("220 localhost ESMTP")
            while text := self.line():
                if not self.obey(text):
                    return
        finally:
            self.lines.close()
            self.sock.close()

    def obey(self, text: str) -> bool:
        verb = text.split(" ")[0].upper()
        self.server.verbs.append(verb)
        scripted = self.server.answers[verb]
        if scripted:
            answer = scripted.popleft()
            if answer == "drop":
                return False
            self.say(answer)
            return True
        match verb:
            case "EHLO":
                offers = ["localhost"]
                offers += ["STARTTLS"] if self.server.starttls and not self.secured else []
                offers += ["AUTH PLAIN"] if self.server.login and self.secured else []
                for offer in offers[:-1]:
                    self.say(f"250-{offer}")
                self.say(f"250 {offers[-1]}")
            case "STARTTLS":
                self.say("220 go ahead")
                self.lines.close()
                self.sock = self.server._context.wrap_socket(self.sock, server_side=True)
                self.lines, self.secured = self.sock.makefile("rb"), True
            case "AUTH":
                said = base64.b64decode(text.split(" ")[2]).decode("utf-8", "replace").split("\0")
                self.user = said[1:] == [USER, PASSWORD]
                self.say("235 welcome" if self.user else "535 5.7.8 authentication failed")
            case "MAIL":
                self.sender = text.partition("<")[2].partition(">")[0]
                self.recipients = []
                self.say("250 ok")
            case "RCPT":
                address = text.partition("<")[2].partition(">")[0]
                if address in self.server.unknown:
                    self.say("550 5.1.1 no such mailbox")
                elif address in self.server.put_off:
                    self.say("451 4.7.1 greylisted: try again later")
                else:
                    self.recipients.append(address)
                    self.say("250 ok")
            case "DATA":
                return self.data()
            case "RSET" | "NOOP":
                self.say("250 ok")
            case "QUIT":
                self.say("221 bye")
                return False
            case _:
                self.say("502 not implemented")
        return True

    def data(self) -> bool:
        self.say("354 go on")
        raw = bytearray()
        while (line := self.lines.readline(65536)) not in (b".\r\n", b""):
            raw += line[1:] if line.startswith(b".") else line
        scripted = self.server.answers["END"]
        answer = scripted.popleft() if scripted else "250 taken"
        if answer.startswith("250") or answer == "taken-drop":
            mail = message_from_bytes(bytes(raw), policy=default)
            assert isinstance(mail, EmailMessage)
            self.server.delivered.append(Delivered(self.sender, tuple(self.recipients), mail))
        if answer in ("drop", "taken-drop"):
            return False
        self.say(answer)
        return True
