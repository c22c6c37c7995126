"""What the fuzzer's requests are about: queries and responses in the status that an operation asks for, made on demand.

Only what a signed-in person could do, through the interface itself.
"""

import json
import threading
import urllib.error
import urllib.request

QUESTIONS = [
    {"id": "q1", "kind": "yes_no", "text": "Does your country register missing minors?"},
    {"id": "q2", "kind": "number", "text": "How many?", "unit": "persons", "period": "2025", "required": False},
]
DRAFT = {"title": "Missing minors", "topics": ["unaccompanied_minors"], "questions": QUESTIONS}
ANSWERS = {"answers": {"q1": {"yesNo": "yes", "comment": "Since 2019."}, "q2": {"number": {"value": "12"}}}}
SUMMARY = {"background": "Why.", "respondents": "Who.", "findings": "What."}


class Caller:
    """Somebody who is signed in, and signs in again before the ten minutes of an access token are over."""

    def __init__(self, base, email, password, clock):
        self.base, self.email, self.password, self.clock = base, email, password, clock
        self._token, self._until, self._lock = None, 0.0, threading.Lock()

    def sign_in(self):
        """The tokens of a new session."""
        body = {"email": self.email, "password": self.password}
        return self._send("POST", "/session", body, {})[0]

    def token(self):
        """An access token that is good for some minutes more."""
        with self._lock:
            if self.clock() >= self._until:
                self._token, self._until = self.sign_in()["accessToken"], self.clock() + 300
            return self._token

    def forget(self):
        """Signs in anew the next time."""
        with self._lock:
            self._until = 0.0

    def send(self, method, path, body=None, etag=None):
        """The reply's JSON and its ETag; an exception for anything but a success."""
        more = {"If-Match": etag} if etag else {}
        try:
            return self._send(method, path, body, {"Authorization": f"Bearer {self.token()}", **more})
        except urllib.error.HTTPError as error:
            # The fuzzer ends sessions too: whoever lost theirs signs in anew.
            if error.code != 401:
                raise
            self.forget()
            return self._send(method, path, body, {"Authorization": f"Bearer {self.token()}", **more})

    def download(self, path):
        """The bytes of a document."""
        headers = {"Authorization": f"Bearer {self.token()}"}
        with urllib.request.urlopen(urllib.request.Request(self.base + path, headers=headers)) as reply:
            return reply.read()

    def attach(self, path, file):
        """Attaches a file that is plain text; gives what the reply says of it."""
        headers = {"Authorization": f"Bearer {self.token()}", "Content-Type": "text/plain"}
        request = urllib.request.Request(self.base + path, data=file, headers=headers, method="POST")
        with urllib.request.urlopen(request) as reply:
            return json.load(reply)

    def etag(self, path):
        """The ETag of what stands there now, or none where this caller finds nothing."""
        try:
            return self.send("GET", path)[1]
        except urllib.error.HTTPError:
            return None

    def _send(self, method, path, body, headers):
        data = None if body is None else json.dumps(body).encode()
        # From an address of its own: what the fuzzer makes up comes from another.
        headers = {"Content-Type": "application/json", "X-Forwarded-For": "192.0.2.1", **headers}
        request = urllib.request.Request(self.base + path, data, headers, method=method)
        with urllib.request.urlopen(request) as reply:
            text = reply.read()
            return (json.loads(text) if text else None), reply.headers.get("ETag")


class Scene:
    """Queries of one office, answered by another."""

    def __init__(self, lead, office, respondent):
        self.lead, self.office, self.respondent = lead, office, respondent

    def draft(self):
        query, etag = self.lead.send("POST", "/queries", DRAFT)
        return query["id"], etag or self.lead.etag(f"/queries/{query['id']}")

    def open(self):
        query, etag = self.draft()
        self.lead.send("POST", f"/queries/{query}/launch", {"addressed": "list", "offices": [self.office]}, etag)
        return query

    def drafted(self):
        query = self.open()
        self.respondent.send("PUT", f"/queries/{query}/responses/{self.office}", ANSWERS)
        return query

    def submitted(self):
        query = self.drafted()
        path = f"/queries/{query}/responses/{self.office}"
        self.respondent.send("POST", f"{path}/submission", None, self.respondent.etag(path))
        return query

    def declined(self):
        query = self.open()
        path = f"/queries/{query}/responses/{self.office}"
        self.respondent.send("POST", f"{path}/declination", {"reason": "No data."})
        return query

    def invited(self):
        """A draft that the answering office is invited to ask too."""
        query, etag = self.draft()
        self.lead.send("POST", f"/queries/{query}/joint-offices", {"office": self.office}, etag)
        return query

    def compiled(self):
        """Every office that was asked has answered, so that nobody waits for the deadline."""
        query = self.submitted()
        path = f"/queries/{query}"
        self.lead.send("POST", f"{path}/editions", None, self.lead.etag(path))
        return query

    def summarised(self):
        query = self.compiled()
        path = f"/queries/{query}/summary"
        self.lead.send("PUT", path, SUMMARY, self.lead.etag(path))
        return query

    def announced(self):
        query = self.compiled()
        path = f"/queries/{query}"
        self.lead.send("POST", f"{path}/publication", {"edition": 1}, self.lead.etag(path))
        return query
