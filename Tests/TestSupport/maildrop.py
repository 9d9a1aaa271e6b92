"""A real SMTP server (Debian's python3-aiosmtpd) for tests: it writes each mail into a folder.

Prints the port that it listens on, and ends when its standard input does.
"""
import argparse
import asyncio
import json
import os
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult

options = argparse.ArgumentParser()
options.add_argument("folder")
options.add_argument("--certificate")
options.add_argument("--key")
options.add_argument("--implicit", action="store_true")
options.add_argument("--login", help="user:password that is let in; nobody else is")
options.add_argument("--only", help="the way to log in that is offered", choices=["PLAIN", "LOGIN"])
options.add_argument("--refuse", action="append", default=[], help="a recipient that is refused")
options.add_argument("--busy", type=int, default=0, help="how many mails are put off at first")
options.add_argument("--utf8", action="store_true")
given = options.parse_args()


class Drop:
    count = 0

    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        if address in given.refuse:
            return "550 5.1.1 no such user here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if given.busy > 0:
            given.busy -= 1
            return "451 4.3.0 come back later"
        self.count += 1
        mail = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "data": envelope.content.decode("utf-8", "replace"),
            "safe": session.ssl is not None or given.implicit,
            "user": session.auth_data.login.decode() if session.authenticated else None,
        }
        path = os.path.join(given.folder, f"{self.count:04}.json")
        with open(path + ".tmp", "w") as file:
            json.dump(mail, file)
        os.rename(path + ".tmp", path)
        return "250 OK kept"


def authenticate(server, session, envelope, mechanism, data):
    ours = given.login and f"{data.login.decode()}:{data.password.decode()}" == given.login
    return AuthResult(success=bool(ours), handled=False, auth_data=data if ours else None)


async def main():
    context = None
    if given.certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(given.certificate, given.key)
    drop = Drop()
    excluded = {"PLAIN": ["LOGIN"], "LOGIN": ["PLAIN"]}.get(given.only, [])

    def session():
        return SMTP(
            drop,
            hostname="maildrop.test",
            enable_SMTPUTF8=given.utf8,
            tls_context=None if given.implicit else context,
            auth_required=given.login is not None,
            auth_require_tls=False,
            auth_exclude_mechanism=excluded,
            authenticator=authenticate,
        )

    loop = asyncio.get_running_loop()
    server = await loop.create_server(session, "127.0.0.1", 0, ssl=context if given.implicit else None)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    os._exit(0)


asyncio.run(main())
