"""Parses every mail of a folder with Python's e-mail library and its calendar with icalendar: parse.py FOLDER

Mails that are wrong on purpose come first: each has to be found."""

import email
import email.policy
import pathlib
import sys

import icalendar

LIMIT = 40_000
HEADERS = ["From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Auto-Submitted", "Content-Language"]


def faults(data, text, html):
    """What is wrong with a mail that was made from this text and this HTML."""
    found = []

    def hold(holds, what):
        if not holds:
            found.append(what)

    mail = email.message_from_bytes(data, policy=email.policy.default)
    for part in mail.walk():
        found.extend(repr(defect) for defect in part.defects)
        for name, value in part.items():
            found.extend(f"{name}: {defect!r}" for defect in getattr(value, "defects", ()))
    for name in HEADERS:
        hold(len(mail.get_all(name, [])) == 1, f"{name} stands not once")
    hold(str(mail["Subject"]).startswith("[EMN AHQ"), "the subject begins otherwise")
    hold(mail["Auto-Submitted"] == "auto-generated", "it does not say that a program sent it")
    hold(len(data) <= LIMIT, f"{len(data)} bytes")
    hold(all(len(line) <= 998 for line in data.split(b"\r\n")) and b"\n" not in data.replace(b"\r\n", b""), "its lines")
    for kind, wanted in (("plain", text), ("html", html)):
        body = mail.get_body((kind,))
        content = body.get_content().replace("\r\n", "\n") if body is not None else ""
        hold(content.strip() == wanted.strip(), f"its {kind} body is another")
    one_click = "List-Unsubscribe" in mail
    hold(one_click == ("List-Unsubscribe-Post" in mail), "one click has half of its headers")
    hold(one_click == ("end mails of this kind" in text), "one click in the headers and in the text do not go together")
    hold(not one_click or str(mail["List-Unsubscribe"]).strip("<>") in text, "one click leads elsewhere than the text")
    hold(("References" in mail) == ("\nAd-Hoc Query " in text), "its thread")
    found.extend(calendar_faults(mail))
    return found


def calendar_faults(mail):
    in_place = [part for part in mail.walk() if part.get_content_type() == "text/calendar"]
    files = [part for part in mail.iter_attachments() if part.get_filename() == "deadline.ics"]
    if not in_place and not files:
        return []
    if len(in_place) != 1 or len(files) != 1:
        return ["its calendar stands not in place and as a file"]
    part, data = in_place[0], files[0].get_payload(decode=True)
    calendar = icalendar.Calendar.from_ical(data)
    events = calendar.events
    found = [f"{name}: {fault}" for event in events for name, fault in event.errors]
    if part.get_payload(decode=True) != data:
        found.append("its calendar is another as a file")
    if part.get_param("method") != calendar.get("METHOD"):
        found.append("its calendar has two methods")
    if len(events) != 1 or not all(name in events[0] for name in ("UID", "SEQUENCE", "DTSTAMP", "DTSTART", "DTEND")):
        found.append("its calendar is not one event with all it needs")
    return found


folder = pathlib.Path(sys.argv[1])
mails = {path.stem: path.read_bytes() for path in sorted(folder.glob("*.eml"))}
bodies = {name: [(folder / f"{name}.{kind}").read_text(encoding="utf-8") for kind in ("txt", "html")] for name in mails}
wrong = 0

broken = [
    ("launch", b"Auto-Submitted: auto-generated\r\n", b""),
    ("launch", b"Subject: ", b"Subject: x\r\nSubject: "),
    ("launch", b"text/plain", b"text/x-plain"),
    ("launch", b"Please respond", b"Please do not respond"),
    ("launch", b"method=PUBLISH", b"method=CANCEL"),
    ("launch", b'filename="deadline.ics"', b'filename="other.ics"'),
    ("launch", b"--\r\n", b""),
    ("launch", b"References: ", b"X-References: "),
    ("digest", b"List-Unsubscribe-Post: ", b"X-Post: "),
    ("digest", b"\r\n\r\n", b"\r\n\r\n" + b"x" * LIMIT),
]
for name, right, mistaken in broken:
    if right not in mails[name] or not faults(mails[name].replace(right, mistaken), *bodies[name]):
        print(f"not found: {mistaken[:40]} instead of {right} in {name}")
        wrong += 1
for name, data in mails.items():
    for fault in faults(data, *bodies[name]):
        print(f"{name}: {fault}")
        wrong += 1
if not any(b"text/calendar" in data for data in mails.values()):
    print("no mail has a calendar")
    wrong += 1
print(f"{len(mails)} mails and {len(broken)} wrong ones parsed, the largest {max(map(len, mails.values()))} bytes")
print(f"goal=mail-parses measured={wrong} target=0 {'fail' if wrong else 'pass'}")
sys.exit(bool(wrong))
