"""A mail server in a thread of the test."""

import socketserver
from email import message_from_bytes, policy
from email.message import EmailMessage


class Postbox(socketserver.ThreadingTCPServer):
    """An SMTP server that keeps mails, or refuses the recipient with `refusal`."""

    allow_reuse_address = daemon_threads = True

    def __init__(self, refusal: str = "") -> None:
        self.refusal, self.mails = refusal, list[EmailMessage]()
        super().__init__(("127.0.0.1", 0), _Session)


class _Session(socketserver.StreamRequestHandler):
    server: Postbox

    def handle(self) -> None:
        self.say("220 postbox")
        while line := self.rfile.readline():
            word = line.split(b":")[0].split()[0].upper()
            if word == b"DATA":
                self.say("354 go on")
                self.server.mails.append(message_from_bytes(self.data(), policy=policy.default))
            self.say(self.server.refusal if word == b"RCPT" and self.server.refusal else "250 fine")
            if word == b"QUIT":
                return

    def data(self) -> bytes:
        lines = []
        while (line := self.rfile.readline()).strip() != b".":
            lines.append(line)
        return b"".join(lines)

    def say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())
