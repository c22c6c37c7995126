"""A query launched, extended and withdrawn while a real mail server takes the mail: session.py API FOLDER PORT

What arrives in the mailboxes is parsed by Python's e-mail library and icalendar; what came back shows in the program."""

import datetime
import email
import email.policy
import json
import pathlib
import re
import smtplib
import ssl
import sys
import time
import urllib.error
import urllib.request

import icalendar

api, folder, port = sys.argv[1], pathlib.Path(sys.argv[2]), int(sys.argv[3])
wrong = []


def hold(holds, what):
    if not holds:
        wrong.append(what)


def call(method, path, body=None, token=None, etag=None):
    request = urllib.request.Request(api + path, method=method, data=None if body is None else json.dumps(body).encode())
    if body is not None:
        request.add_header("Content-Type", "application/json")
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    if etag:
        request.add_header("If-Match", etag)
    with urllib.request.urlopen(request) as reply:
        text = reply.read()
        return json.loads(text) if text else None, reply.headers.get("ETag")


def wait(what, condition, seconds=150):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.5)
    raise SystemExit(f"did not happen within {seconds} s: {what}")


def up():
    try:
        return call("GET", "/openapi.json")
    except (urllib.error.URLError, ConnectionError):
        return None


def mails(mailbox):
    read = (path.read_bytes() for path in sorted((folder / "mail" / mailbox / "new").glob("*")))
    return [email.message_from_bytes(data, policy=email.policy.default) for data in read]


def about(mailbox, words):
    return [mail for mail in mails(mailbox) if words in mail["Subject"]]


def check(mail, mailbox):
    """The headers, both bodies and the calendar of one mail."""
    defects = [repr(defect) for part in mail.walk() for defect in part.defects]
    hold(not defects, f"{mailbox}: {defects}")
    for name in ("From", "To", "Subject", "Date", "Message-ID", "Reply-To", "References", "Auto-Submitted"):
        hold(len(mail.get_all(name, [])) == 1, f"{mailbox}: {name} stands {len(mail.get_all(name, []))} times")
    hold(mail["To"].addresses[0].addr_spec == f"{mailbox}@example.org", f"{mailbox}: it is to {mail['To']}")
    hold(mail["Return-Path"].strip("<>") == "exchange@example.org", f"{mailbox}: it goes back to {mail['Return-Path']}")
    received = " ".join(mail.get_all("Received"))
    hold("esmtpsa" in received, f"{mailbox}: not over TLS and signed in: {received}")
    for kind in ("plain", "html"):
        body = mail.get_body((kind,))
        hold(body is not None and number in body.get_content(), f"{mailbox}: its {kind} body does not name the query")
    part = next(part for part in mail.walk() if part.get_content_type() == "text/calendar")
    calendar = icalendar.Calendar.from_ical(part.get_payload(decode=True))
    return calendar["METHOD"], calendar.events[0]


wait("the program serves", up)
# Who does not sign in, or not over TLS, is refused: or the check above says little.
with smtplib.SMTP("localhost", port) as plain:
    hold(plain.ehlo() and not plain.has_extn("auth"), "signing in is offered without TLS")
    hold(plain.mail("exchange@example.org")[0] == 550, "mail is taken without signing in")
trusted = ssl.create_default_context(cafile=folder / "ca.pem")
with smtplib.SMTP("localhost", port) as secure:
    secure.starttls(context=trusted)
    try:
        secure.login("ahq", "a wrong password")
        wrong.append("a wrong password is taken")
    except smtplib.SMTPAuthenticationError:
        pass

password = re.search(r"^Password +(.+)$", (folder / "demo.out").read_text(), re.MULTILINE).group(1)


def sign_in(user):
    return call("POST", "/session", {"email": f"{user}@example.org", "password": password})[0]["accessToken"]


lead = sign_in("coordinator.lu")
draft = {
    "title": "Räume für Kinder — 里 \u202e in Ħal Qormi",
    "topics": ["protection"],
    "questions": [{"kind": "yes_no", "text": "Is there a minimum standard for housing?"}],
}
query, etag = call("POST", "/queries", draft, lead)
path = f"/queries/{query['id']}"
query, etag = call("POST", f"{path}/launch", {"addressed": "members"}, lead, etag)
number = query["number"]
# Every office asked has a mailbox, but for Malta, whose address is gone.
offices = [addressee["office"].lower() for addressee in query["addressees"]]
hold("mt" in offices and len(offices) >= 25, f"asked are {offices}")
mailboxes = [f"ncp-{office}" for office in offices if office != "mt"]


def arrived(count):
    """Waits for that many mails in every mailbox: a mail that waits in the outbox shows the deadline of its sending."""
    for mailbox in mailboxes:
        wait(f"{count} mails in {mailbox}", lambda: len(about(mailbox, number)) >= count)


arrived(1)
later = datetime.date.fromisoformat(query["deadline"]) + datetime.timedelta(days=7)
_, etag = call("GET", path, token=lead)
extension = {"deadline": later.isoformat(), "reason": "Several offices asked."}
query, etag = call("POST", f"{path}/extensions", extension, lead, etag)
arrived(2)
call("POST", f"{path}/withdrawal", {"reason": "The law was voted on."}, lead, etag)
arrived(3)
hold(not mails("ncp-mt"), "mail arrived where there is no mailbox")

seen = 0
for mailbox in mailboxes:
    found = about(mailbox, number)
    events = sorted((check(mail, mailbox) for mail in found), key=lambda event: int(event[1]["SEQUENCE"]))
    seen += len(found)
    hold([method for method, _ in events] == ["PUBLISH", "PUBLISH", "CANCEL"], f"{mailbox}: {events}")
    hold(len({str(event["UID"]) for _, event in events}) == 1, f"{mailbox}: the deadline has several UIDs")
    hold(len({int(event["SEQUENCE"]) for _, event in events}) == 3, f"{mailbox}: a SEQUENCE stands twice")
    hold(len({mail["Message-ID"] for mail in found}) == len(found), f"{mailbox}: a Message-ID stands twice")
    hold(len({str(mail["References"]) for mail in found}) == 1, f"{mailbox}: they are in several threads")

# What came back: Exim's own delivery status notification, taken from the maildir, told to those who can do something.
provider = sign_in("coordinator.sp")


def returned():
    listed = call("GET", f"{path}/deliveries", token=lead)[0]["items"]
    back = [delivery for delivery in listed if delivery["office"] == "MT" and delivery["status"] == "bounced"]
    return back if len(back) == 3 else None


back = wait("three mails to Malta came back", returned)
hold(all((delivery.get("fault") or "").startswith("5.") for delivery in back), f"it does not say why: {back}")
read = list((folder / "mail" / "exchange" / "cur").iterdir())
hold(len(read) >= 3, f"{len(read)} returned mails were read")
wait("the service provider is told", lambda: about("sp", "Not reached"))
requeued = call("POST", f"/deliveries/{back[0]['id']}/requeue", {}, provider)[0]
hold(requeued["status"] == "queued", f"it is not sent again: {requeued}")

for fault in wrong:
    print(fault)
print(f"{seen} mails of {len(mailboxes)} mailboxes parsed, {len(back)} came back")
print(f"goal=mail-session measured={len(wrong)} target=0 {'fail' if wrong else 'pass'}")
sys.exit(bool(wrong))
