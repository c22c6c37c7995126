"""The round trip of a Word form, against `ahq demo`: round_trip.py ADDRESS PASSWORD [FOLDER]

FOLDER keeps the form as it went out and as it came back.
"""

import json
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

DRAFT = {
    "title": "AHQ on missing unaccompanied minors",
    "background": "We are **reviewing** our procedures.",
    "topics": ["unaccompanied_minors"],
    "questions": [
        {"id": "register", "kind": "yes_no", "text": "Does your country register missing minors?"},
        {"id": "how", "kind": "text", "text": "How?"},
        {"id": "who", "kind": "single_choice", "text": "Who registers?",
         "options": [{"id": "police", "text": "The police"}, {"id": "other", "text": "Somebody else & others"}]},
        {"id": "told", "kind": "multiple_choice", "text": "Who is told?",
         "options": [{"id": "guardian", "text": "The guardian"}, {"id": "court", "text": "The court"},
                     {"id": "school", "text": "The school"}]},
        {"id": "many", "kind": "number", "text": "How many?", "unit": "persons", "period": "2025"},
        {"id": "few", "kind": "number", "text": "How many girls?", "unit": "persons", "period": "2025"},
        {"id": "secret", "kind": "number", "text": "How many in detention?", "unit": "persons", "period": "2025"},
        {"id": "since", "kind": "date", "text": "Since when?"},
        {"id": "ages", "kind": "table", "text": "By age",
         "columns": [{"id": "girls", "title": "Girls", "type": "number"},
                     {"id": "boys", "title": "Boys", "type": "number"}],
         "rows": ["Under 14", "14 to 17"]},
        {"id": "places", "kind": "table", "text": "By place",
         "columns": [{"id": "count", "title": "Minors", "type": "number"},
                     {"id": "remark", "title": "Remark", "type": "text"}]},
        {"id": "law", "kind": "text", "text": "On which law?"},
        {"id": "plans", "kind": "yes_no", "text": "Is that to change?"},
    ],
}

# What is typed, by the bookmarks of the controls.
TYPED = {
    "circle": "No: for the EMN network only",
    "q1_answer": "Partly",
    "q1_comment": "Only in the capital \u2013 \u201csince\u201d 2019.",
    "q1_asof": "2026-03-31",
    "q1_sources": "Statistics Austria https://example.org/a?b=1&c=2",
    "q1_circle": "Yes: it may be published",
    "q2_answer": "1. By a *register* of the police; \u0395\u03bb\u03bb\u03ac\u03b4\u03b1, \u10e1\u10d0\u10e5, <b>.",
    "q2_circle": "No: for the requesters and the Commission only",
    "q3_answer": "Somebody else & others",
    "q4_option_1": True,
    "q4_option_3": True,
    "q5_answer": "1 250.5",
    "q5_flag": "Estimate",
    "q5_comment": "At the end of the year.",
    "q6_answer": "fewer than 5",
    "q6_flag": "Provisional",
    "q7_answer": "confidential",
    "q8_answer": "2019-01-31",
    "q8_asof": "2026-01-01",
    "q9_cell_1_1": "1",
    "q9_cell_1_2": "2",
    "q9_cell_2_1": "3",
    "q10_cell_1_0": "Vienna",
    "q10_cell_1_1": "12",
    "q10_cell_1_2": "estimated",
    "q10_cell_2_0": "Graz",
    "q10_cell_2_1": "7",
    "q11_instead": "To follow",
    "q11_answer": "The ministry has been asked.",
    "q12_instead": "Not applicable",
    "q12_comment": "There is no plan.",
}

# What has to be read.
READ = {
    "register": {"yesNo": "partly", "comment": "Only in the capital \u2013 \u201csince\u201d 2019.", "asOf": "2026-03-31",
                 "sources": [{"title": "Statistics Austria", "address": "https://example.org/a?b=1&c=2"}],
                 "circle": "public"},
    "how": {"text": "1\\. By a \\*register\\* of the police; \u0395\u03bb\u03bb\u03ac\u03b4\u03b1, \u10e1\u10d0\u10e5, \\<b\\>.",
            "circle": "requester"},
    "who": {"choices": ["other"], "circle": "network"},
    "told": {"choices": ["guardian", "school"], "circle": "network"},
    "many": {"number": {"value": "1250.5", "flag": "estimate"}, "comment": "At the end of the year.", "circle": "network"},
    "few": {"number": {"fewerThan": "5", "flag": "provisional"}, "circle": "network"},
    "secret": {"number": {"confidential": True}, "circle": "network"},
    "since": {"date": "2019-01-31", "asOf": "2026-01-01", "circle": "network"},
    "ages": {"rows": [{"title": "Under 14", "cells": ["1", "2"]}, {"title": "14 to 17", "cells": ["3", ""]}],
             "circle": "network"},
    "places": {"rows": [{"title": "Vienna", "cells": ["12", "estimated"]}, {"title": "Graz", "cells": ["7", ""]}],
               "circle": "network"},
    "law": {"instead": "to_follow", "comment": "The ministry has been asked.", "circle": "network"},
    "plans": {"instead": "not_applicable", "comment": "There is no plan.", "circle": "network"},
}

# One answer typed otherwise, and the question where that has to be found.
PLANTED = ("q9_cell_1_2", "20", "ages")


class Caller:
    def __init__(self, address, email, password):
        self.address, self.token = f"{address}/api/v1", None
        self.token = self.call("POST", "/session", {"email": email, "password": password})[0]["accessToken"]

    def call(self, method, path, body=None, etag=None):
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        if isinstance(body, bytes):
            headers["Content-Type"] = WORD
        elif body is not None:
            headers["Content-Type"], body = "application/json", json.dumps(body).encode()
        if etag:
            headers["If-Match"] = etag
        request = urllib.request.Request(self.address + path, data=body, headers=headers, method=method)
        try:
            with urllib.request.urlopen(request) as reply:
                data = reply.read()
                is_json = "json" in (reply.headers["Content-Type"] or "")
                return (json.loads(data) if is_json else data), reply.headers["ETag"]
        except urllib.error.HTTPError as refused:
            sys.exit(f"round trip: {method} {path}: {refused.code} {refused.read().decode()}")


def differences(reading):
    """The questions whose answer is not the one that was typed, and everything else the program has to say."""
    read = reading["draft"]["answers"]
    found = [f"{question}: {read.get(question)} was read, not {answer}"
             for question, answer in READ.items() if read.get(question) != answer]
    found += [f"{question}: nobody typed it" for question in read if question not in READ]
    found += reading["remarks"]
    for question in reading["questions"]:
        found += [f"{question['question']}: {said}" for said in question["errors"] + question["remarks"]]
    return found


def main(address, password, folder):
    lead = Caller(address, "coordinator.lu@example.org", password)
    office = Caller(address, "coordinator.at@example.org", password)
    query, etag = lead.call("POST", "/queries", DRAFT)
    path = f"/queries/{query['id']}"
    lead.call("POST", f"{path}/launch", {"addressed": "members"}, etag)
    form = f"{path}/responses/AT/word-form"
    (folder / "form.docx").write_bytes(office.call("GET", form)[0])

    def came_back(name, typed):
        filled = folder / name
        subprocess.run([sys.executable, Path(__file__).with_name("fill_in.py"), folder / "form.docx", filled],
                       input=json.dumps(typed), text=True, check=True)
        return differences(office.call("POST", form, filled.read_bytes())[0])

    found = came_back("filled.docx", TYPED)
    for difference in found:
        print(f"    {difference}")
    passed = not found
    print(f"goal=word-form-round-trip measured={len(found)} target=0 {'pass' if passed else 'fail'}")
    control, value, question = PLANTED
    found = came_back("planted.docx", {**TYPED, control: value})
    caught = len(found) == 1 and found[0].startswith(f"{question}: ")
    print(f"goal=word-form-round-trip-planted measured={'caught' if caught else 'missed'} target=caught "
          f"{'pass' if caught else 'fail'}")
    sys.exit(0 if passed and caught else 1)


with tempfile.TemporaryDirectory() as scratch:
    main(*sys.argv[1:3], Path(sys.argv[3] if len(sys.argv) > 3 else scratch))
