"""What the fuzzer is told: who calls, which things there are, and which refusals are the rule.

A path that the fuzzer made up leads nowhere, and an `If-Match` that it made up matches nothing. So three times out of
four the valid parts of a request are about a query that is there, in the status the operation asks for, with its ETag.
What the fuzzer broke on purpose stays broken.
"""

import atexit
import collections
import datetime
import email
import email.policy
import functools
import json
import os
import pathlib
import random
import re
import threading
import time

import schemathesis
from scene import ANSWERS, DRAFT, SUMMARY, Caller, Scene
from schemathesis.core.parameters import ParameterLocation as In

BASE, PASSWORD, ROLE = os.environ["FUZZ_BASE"], os.environ["FUZZ_PASSWORD"], os.environ["FUZZ_ROLE"]
COUNTS, OUTBOX = os.environ["FUZZ_COUNTS"], pathlib.Path(os.environ["FUZZ_OUTBOX"])
chance = random.Random(int(os.environ["FUZZ_SEED"]))


def caller(name):
    return Caller(BASE, f"{name}@example.org", PASSWORD, time.monotonic)


# The offices on both sides of a query: the role under test stands where it may do most.
OFFICE = ROLE.rpartition(".")[2]
ANSWERING = OFFICE.upper() if OFFICE in ("lu", "at") else "LU"
me = None if ROLE == "anonymous" else caller(ROLE)
LEAD = OFFICE if OFFICE in ("at", "com") else "lu"
asked = Scene(caller(f"coordinator.{LEAD}"), "NL", caller("coordinator.nl"))
answered = Scene(caller("coordinator.nl"), ANSWERING, caller(f"coordinator.{ANSWERING.lower()}"))
administrator = me if ROLE.startswith("coordinator") else caller("coordinator.lu")
# The demonstration ends with a published query.
PUBLISHED = asked.lead.send("GET", "/queries?status=published&requester=LU&sort=-deadline")[0]["items"][0]["id"]
numbers = iter(range(10**9))


def new_address():
    """An address that nobody has yet."""
    return f"somebody.{next(numbers)}.{ROLE}@example.org"


def mailed(address, page):
    """The token of the link to this page in the mail to an address; what others are mailed may wait before it."""
    for _ in range(600):
        for path in OUTBOX.glob(f"*-{address}-*.eml"):
            mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            found = re.search(rf"/{page}/([\w-]+)", mail.get_body(("plain",)).get_content())
            if found:
                return found.group(1)
        time.sleep(0.2)
    raise SystemExit(f"no mail with a link to {page} came to {address}")


OWN = administrator.email.split("@")[0].rpartition(".")[2].upper()


def invited_user():
    """Somebody else of the office, so that nobody under test loses an account, and where their invitation went."""
    body = {"email": new_address(), "name": "A spare user", "role": "reader"}
    user, _ = administrator.send("POST", f"/offices/{OWN}/users", body)
    return user["id"], body["email"]


def spare_user():
    return {"code": OWN, "user": invited_user()[0]}


def active_user():
    """Somebody of the office who has accepted."""
    user, address = invited_user()
    administrator.send("POST", f"/invitations/{mailed(address, 'invitations')}", {"password": PASSWORD})
    return {"code": OWN, "user": user}


def invitation():
    return {"token": mailed(invited_user()[1], "invitations")}


def reset():
    """A link to a new password, of somebody who accepted."""
    user, address = invited_user()
    administrator.send("POST", f"/invitations/{mailed(address, 'invitations')}", {"password": PASSWORD})
    administrator.send("POST", "/password-resets", {"email": address})
    return {"token": mailed(address, "password-resets")}


def link():
    """A link to a contribution that an expert was asked for, for questions of an open query."""
    path, address = answering(answered.drafted)(), new_address()
    place = f"/queries/{path['query']}/responses/{path['office']}/contributions"
    answered.respondent.send("POST", place, {**CONTRIBUTION, "email": address})
    return {"token": mailed(address, "contributions")}


def asking(make):
    return lambda: {"query": make()}


def answering(make):
    return lambda: {"query": make(), "office": ANSWERING}


def question(make):
    return lambda: {**make(), "question": "q1"}


def number(make):
    return lambda: {**make(), "number": 1}


WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
schemathesis.serializer.alias(WORD, "application/octet-stream")
for picture_or_pages in (
    "application/pdf",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.oasis.opendocument.text",
    "image/png",
    "image/jpeg",
    "text/csv",
):
    schemathesis.serializer.alias(picture_or_pages, "application/octet-stream")


@functools.cache
def form():
    """The Word form of the response that is there, as it was downloaded."""
    path = READ_RESPONSE()
    return answered.respondent.download(f"/queries/{path['query']}/responses/{path['office']}/word-form")


@functools.cache
def export():
    """An export of the role's own, or else of somebody's."""
    asked_for, _ = (me or asked.lead).send("POST", "/exports", {"formats": ["json"]})
    return {"export": asked_for["id"]}


FEEDS = f"/offices/{OWN}/calendar-feeds"
SECRET = administrator.send("POST", FEEDS)[0]["address"].rpartition("/")[2]


def feed():
    """The newest address of the office's feed, but never the first one, which is read."""
    feeds = administrator.send("GET", FEEDS)[0]["items"]
    newest = feeds[-1] if len(feeds) > 1 else administrator.send("POST", FEEDS)[0]
    return {"code": newest["office"], "feed": newest["id"]}


LAST_DAY = f"{datetime.date.today() + datetime.timedelta(days=90)}"
TOKEN = {"name": "Case management", "scopes": ["read"], "lastDay": LAST_DAY}
ACCOUNTS = FEEDS.replace("calendar-feeds", "service-accounts")


def spare_token(role, path):
    """The newest token of a list; at the most twenty are there."""
    there = role.send("GET", path)[0]["items"]
    newest = there[0] if there else role.send("POST", path, TOKEN)[0]
    return newest["id"]


def service_account():
    return {"code": ACCOUNTS.split("/")[2], "token": spare_token(administrator, ACCOUNTS)}


def contribution(make):
    """A response whose office has asked an expert for a contribution."""
    def made():
        path = make()
        asked_for, _ = answered.respondent.send(
            "POST", f"/queries/{path['query']}/responses/{path['office']}/contributions", CONTRIBUTION
        )
        return {**path, "contribution": asked_for["id"]}
    return made


def more_time(make):
    """A query whose answering office has asked for a later deadline."""
    def made():
        query = make()
        request, _ = asked.respondent.send("POST", f"/queries/{query}/extension-requests", LATER)
        return {"query": query, "request": request["id"]}
    return made


def held(make):
    """A query whose requesters have suspended its edition."""
    def made():
        query = make()
        hold, _ = asked.lead.send("POST", f"/queries/{query}/holds", {"edition": 1, "reason": "Its table is wrong."})
        return {"query": query, "hold": hold["id"]}
    return made


def erasure():
    """An erasure that the service provider's coordinator has asked for, who does not confirm it; for other roles any id."""
    if ROLE != "coordinator.sp":
        return {"erasure": "00000000-0000-7000-8000-000000000000"}
    return {"erasure": me.send("POST", "/erasures", erased())[0]["id"]}


def erased():
    """An answer of a query's that was submitted."""
    return {"order": "SP/2026/17", "query": answered.submitted(), "office": ANSWERING, "question": "q1"}


def clarified(make):
    """A query whose answering office has asked what is meant."""
    def made():
        query = make()
        clarification, _ = asked.respondent.send("POST", f"/queries/{query}/clarifications", UNCLEAR)
        return {"query": query, "clarification": clarification["id"]}
    return made


def corrected(make):
    """A response whose first question was corrected since."""
    def made():
        query = make()
        asked_by = answered.lead
        asked_by.send("POST", f"/queries/{query}/corrections", CORRECTION, asked_by.etag(f"/queries/{query}"))
        return {"query": query, "office": ANSWERING}
    return made


def session():
    """A session of the role's own, beside the one it goes on in."""
    caller = me or asked.lead
    opened = Caller(caller.base, caller.email, caller.password, caller.clock)
    return {"session": opened.send("GET", "/session")[0]["id"]}


def attached(make, role):
    """A thing with a file beside it; what it is beside is named by the parts of its path."""
    def made():
        path = make()
        place = f"/queries/{path['query']}"
        if "question" in path:
            place = f"{place}/responses/{path['office']}/answers/{path['question']}"
        return {**path, "attachment": role.attach(f"{place}/attachments?name=words.txt", FILE)["id"]}
    return made


def file():
    """What is text, and CSV as well."""
    return FILE


FILE = b"Words, and no more."


# One thing is enough for all requests that change nothing.
READ_QUERY = functools.cache(asking(asked.compiled))
READ_RESPONSE = functools.cache(answering(answered.submitted))
WORDS = {"reason": "Asked elsewhere."}
# Later than a deadline by default, four weeks and some holidays from the launch, and within sixty working days.
LATER = {"deadline": f"{datetime.date.today() + datetime.timedelta(days=60)}", "reason": "Several asked for more time."}

UNCLEAR = {"question": "q1", "text": "Of which year?"}
CORRECTION = {"reason": "A year was missing.", "questions": [{"id": "q1", "text": "What was registered in 2025?"}]}
CONTRIBUTION = {
    "email": "expert@example.org",
    "questions": ["q1"],
    "replyBy": f"{datetime.date.today() + datetime.timedelta(days=7)}",
}

PROPOSALS = {"answers": {"q1": {"yesNo": "yes"}}}
LINK = functools.cache(link)


def saved(make):
    """A link whose expert has written something."""
    def made():
        path = make()
        me_or_lead = me or asked.lead
        place = f"/contributions/{path['token']}"
        me_or_lead.send("PUT", place, PROPOSALS, me_or_lead.etag(place))
        return path
    return made


def invitee():
    return {"email": new_address(), "name": "A new user", "role": "reader"}


# For each operation: the path of a thing it can be done to, the body that does it or what makes one, and where its ETag is
# read when that is not the path of the thing itself.
THINGS = {
    "read_office": (lambda: {"code": "LU"}, None, None),
    "renew_invitation": (spare_user, None, None),
    "reset_user": (active_user, {"order": "SP/2026/17"}, None),
    "read_invitation": (functools.cache(invitation), None, None),
    "accept_invitation": (invitation, {"password": PASSWORD}, None),
    "reset_password": (reset, {"password": PASSWORD}, None),
    "read_contribution": (LINK, None, None),
    "download_contribution_form": (LINK, None, None),
    "save_contribution": (LINK, PROPOSALS, "/contributions/{token}"),
    "return_contribution": (saved(link), None, "/contributions/{token}"),
    "decline_contribution": (link, WORDS, "/contributions/{token}"),
    "end_session": (session, None, None),
    "read_office_settings": (lambda: {"code": OFFICE.upper() if me else "LU"}, None, None),
    # Never on: what the other operations submit would want approval.
    "change_office_settings": (
        lambda: {"code": OFFICE.upper() if me else "LU"},
        {"approval": False},
        "/offices/{code}/settings",
    ),
    "read_user_list": (lambda: {"code": OFFICE.upper() if me else "LU"}, None, None),
    "confirm_user_list": (
        lambda: {"code": OFFICE.upper() if me else "LU"},
        None,
        "/offices/{code}/user-list",
    ),
    "list_users": (lambda: {"code": OFFICE.upper() if me else "LU"}, None, None),
    "invite_user": (lambda: {"code": OFFICE.upper() if me else "LU"}, invitee, None),
    "list_office_audit": (lambda: {"code": OFFICE.upper() if me else "LU"}, None, None),
    "read_user": (functools.cache(spare_user), None, None),
    "change_user": (
        spare_user,
        {"name": "Anna Muster", "grants": [{"role": "expert", "from": "2026-11-01"}]},
        "/offices/{code}/users/{user}",
    ),
    "read_holidays": (lambda: {"office": "LU", "year": 2026}, None, None),
    "replace_holidays": (
        lambda: {"office": "LU", "year": 2199},
        {"holidays": [{"date": "2199-06-23", "name": "National Day"}]},
        "/calendar/holidays/{office}/{year}",
    ),
    "list_calendar_feeds": (lambda: {"code": OFFICE.upper() if me else "LU"}, None, None),
    "make_calendar_feed": (lambda: {"code": OFFICE.upper() if me else "LU"}, None, None),
    "revoke_calendar_feed": (feed, None, None),
    "list_service_accounts": (lambda: {"code": OFFICE.upper() if me else "LU"}, None, None),
    "make_service_account": (lambda: {"code": OFFICE.upper() if me else "LU"}, TOKEN, None),
    "revoke_service_account": (service_account, None, None),
    "make_token": (dict, TOKEN, None),
    "revoke_token": (lambda: {"token": spare_token(me or asked.lead, "/me/tokens")}, None, None),
    "read_deadline_feed": (lambda: {"secret": SECRET}, None, None),
    "create_query": (dict, DRAFT, None),
    "read_query": (READ_QUERY, None, None),
    "change_query": (lambda: {"query": asked.draft()[0]}, DRAFT, "/queries/{query}"),
    "delete_query": (lambda: {"query": asked.draft()[0]}, None, "/queries/{query}"),
    "launch_query": (lambda: {"query": asked.draft()[0]}, {"addressed": "members"}, "/queries/{query}"),
    "invite_joint_office": (lambda: {"query": asked.draft()[0]}, {"office": "BE"}, "/queries/{query}"),
    "accept_joint_invitation": (asking(answered.invited), None, "/queries/{query}"),
    "close_query": (asking(asked.open), WORDS, "/queries/{query}"),
    "extend_query": (asking(asked.open), LATER, "/queries/{query}"),
    "withdraw_query": (asking(asked.open), WORDS, "/queries/{query}"),
    "correct_query": (asking(asked.open), CORRECTION, "/queries/{query}"),
    "attach_to_query": (lambda: {"query": asked.draft()[0]}, file, None),
    "list_query_attachments": (READ_QUERY, None, None),
    "download_query_attachment": (attached(lambda: {"query": asked.draft()[0]}, asked.lead), None, None),
    "detach_from_query": (attached(lambda: {"query": asked.draft()[0]}, asked.lead), None, None),
    "list_corrections": (READ_QUERY, None, None),
    "confirm_answers": (
        corrected(answered.submitted),
        {"questions": [{"id": "q1", "revision": 2}]},
        "/queries/{query}/responses/{office}",
    ),
    "ask_clarification": (asking(answered.open), UNCLEAR, None),
    "list_clarifications": (READ_QUERY, None, None),
    "reply_to_clarification": (clarified(asked.open), {"text": "Of 2025."}, None),
    "list_query_deliveries": (READ_QUERY, None, None),
    "list_reminders": (READ_QUERY, None, None),
    "send_reminder": (asking(asked.open), None, "/queries/{query}"),
    "list_extension_requests": (READ_QUERY, None, None),
    "ask_for_extension": (asking(answered.open), LATER, None),
    "answer_extension_request": (more_time(asked.open), {"outcome": "granted"}, "/queries/{query}"),
    "change_notifications": (dict, {"mail": "digest", "weekly": True}, "/me/notifications"),
    "read_comparison": (READ_QUERY, None, None),
    "list_editions": (READ_QUERY, None, None),
    "make_edition": (asking(asked.submitted), None, "/queries/{query}"),
    "read_edition": (number(READ_QUERY), None, None),
    "publish_edition": (asking(asked.compiled), {"edition": 1}, "/queries/{query}"),
    "unpublish_edition": (asking(asked.announced), None, "/queries/{query}"),
    "place_hold": (asking(asked.compiled), {"edition": 1, "reason": "Its table is wrong."}, None),
    "list_holds": (READ_QUERY, None, None),
    "lift_hold": (held(asked.compiled), None, None),
    "ask_erasure": (dict, erased, None),
    "read_erasure": (erasure, None, None),
    "confirm_erasure": (erasure, None, None),
    "withdraw_erasure": (erasure, None, None),
    "read_summary": (READ_QUERY, None, None),
    "save_summary": (asking(asked.compiled), SUMMARY, "/queries/{query}/summary"),
    "sign_summary": (asking(asked.summarised), None, "/queries/{query}/summary"),
    "send_compilation": (asking(asked.compiled), None, "/queries/{query}"),
    "list_responses": (READ_QUERY, None, None),
    "read_response": (READ_RESPONSE, None, None),
    "save_response": (answering(answered.drafted), ANSWERS, "/queries/{query}/responses/{office}"),
    "read_answer": (question(READ_RESPONSE), None, None),
    "save_answer": (
        question(answering(answered.drafted)),
        {"yesNo": "partly"},
        "/queries/{query}/responses/{office}/answers/{question}",
    ),
    "remove_answer": (
        question(answering(answered.drafted)),
        None,
        "/queries/{query}/responses/{office}/answers/{question}",
    ),
    "attach_to_answer": (question(answering(answered.drafted)), file, None),
    "list_answer_attachments": (question(READ_RESPONSE), None, None),
    "download_answer_attachment": (
        attached(question(answering(answered.drafted)), answered.respondent),
        None,
        None,
    ),
    "detach_from_answer": (attached(question(answering(answered.drafted)), answered.respondent), None, None),
    "change_circles": (
        answering(answered.submitted),
        {"circle": "network"},
        "/queries/{query}/responses/{office}",
    ),
    "ask_contribution": (answering(answered.drafted), CONTRIBUTION, None),
    "list_contributions": (READ_RESPONSE, None, None),
    "revoke_contribution": (contribution(answering(answered.drafted)), None, None),
    "merge_contribution": (
        contribution(answering(answered.drafted)),
        {"questions": ["q1"]},
        "/queries/{query}/responses/{office}",
    ),
    "ask_for_approval": (answering(answered.drafted), None, "/queries/{query}/responses/{office}"),
    "submit_response": (answering(answered.drafted), None, "/queries/{query}/responses/{office}"),
    "retract_response": (answering(answered.submitted), WORDS, "/queries/{query}/responses/{office}"),
    "decline_response": (answering(answered.drafted), WORDS, "/queries/{query}/responses/{office}"),
    "resume_response": (answering(answered.declined), None, "/queries/{query}/responses/{office}"),
    "download_word_form": (READ_RESPONSE, None, None),
    "read_word_form": (READ_RESPONSE, form, None),
    "ask_export": (dict, {"formats": ["json"]}, None),
    "read_export": (export, None, None),
    "download_export": (export, None, None),
    "list_versions": (READ_RESPONSE, None, None),
    "read_version": (number(READ_RESPONSE), None, None),
    "read_public_edition": (lambda: {"query": PUBLISHED}, None, None),
}


# What somebody does with their account by giving its password. None sets a new one: that would end the sessions of others
# who fuzz as the same user.
WITH_PASSWORD = {
    "ask_address_change": {"email": "anna.muster@example.org"},
    "begin_second_factor": {},
    "renew_recovery_codes": {},
    "remove_second_factor": {},
}


@schemathesis.auth(refresh_interval=None)
class SignedIn:
    """The role's own session; one of its own for a request that ends its session."""

    def get(self, case, context):
        if me is None:
            return None
        ends = case.operation.definition.raw.get("operationId") == "sign_out"
        return me.sign_in()["accessToken"] if ends else me.token()

    def set(self, case, data, context):
        if data is not None:
            case.headers["Authorization"] = f"Bearer {data}"


@schemathesis.hook
def before_call(context, case, kwargs):
    if case.meta is None:
        return
    name = case.operation.definition.raw.get("operationId")
    phase = case.meta.phase.name.value
    usual = chance.random() < 0.75
    if is_valid(case, In.HEADER) and case.headers.get("Idempotency-Key") is not None and usual:
        # The fuzzer likes the same few keys, and a key with another body is refused whatever the body is.
        case.headers["Idempotency-Key"] = f"fuzzed-{ROLE}-{next(numbers)}"
    if is_valid(case, In.QUERY) and case.query.get("cursor") is not None and usual:
        del case.query["cursor"]
    if is_valid(case, In.BODY) and me is not None and usual and name == "sign_in":
        case.body = {"email": me.email, "password": PASSWORD}
    # Always the right one: after some wrong ones the account would have to wait.
    if is_valid(case, In.BODY) and me is not None and name in WITH_PASSWORD:
        case.body = {"password": PASSWORD, **WITH_PASSWORD[name]}
    # The document's example of a password is the demonstration's: with it no other one is set, or nobody could sign in again.
    if name == "change_password" and isinstance(case.body, dict) and case.body.get("password") == PASSWORD:
        case.body["password"] = "not the password"
    if is_valid(case, In.BODY) and me is not None and usual and name == "refresh_session":
        case.body = {"refreshToken": me.sign_in()["refreshToken"]}
    if name in THINGS and is_valid(case, In.PATH) and usual:
        lead_to_thing(case, kwargs, phase, *THINGS[name])


def is_key(text):
    """Whether the program takes a key that the document calls too long: HTTP strips blanks, and quotes are no part of it."""
    text = text.strip(" \t")
    if len(text) > 1 and text[0] == text[-1] == '"':
        text = text[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    return 1 <= len(text) <= 255


def lead_to_thing(case, kwargs, phase, make, body, tagged):
    """Makes the valid parts of a request fit a thing that is there."""
    # The stateful phase follows the links of replies, so its paths lead somewhere already.
    if phase != "stateful":
        case.path_parameters = make() or case.path_parameters
    # The boundary values of the coverage phase are bodies of their own.
    if body is not None and is_valid(case, In.BODY) and (phase != "coverage" or chance.random() < 0.5):
        made = body() if callable(body) else body
        if isinstance(made, bytes):
            # No schema tells a document from other bytes: a body set here would count as an invalid one.
            kwargs["data"] = made
        else:
            case.body = made
    if tagged and is_valid(case, In.HEADER) and case.headers.get("If-Match") is not None:
        path = tagged.format(**case.path_parameters)
        etag = (me or asked.lead).etag(path) or asked.lead.etag(path)
        if etag:
            case.headers["If-Match"] = etag


def is_valid(case, part):
    """Whether the fuzzer meant this part of the request to be right; a part that is not there is."""
    found = case.meta.components.get(part)
    return found is None or found.mode.is_positive


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """Drops two kinds of findings. Input is held against the contract before anybody asks who calls.

    A cursor is input, so one that does not fit is 400 without a token too; the check wants 401, whatever is configured. And
    a key that is too long by its blanks or quotes alone, which are no part of it, is taken.
    """
    if failure.title == "Schema-violating request accepted" and "`Idempotency-Key` in header" in failure.message:
        return not is_key(str(case.headers.get("Idempotency-Key")))
    return not (failure.title == "Missing required header accepted" and '"code":"bad_cursor"' in response.text)


counts, lock = collections.Counter(), threading.Lock()


@schemathesis.hook
def after_call(context, case, response):
    name = case.operation.definition.raw.get("operationId")
    if name == "end_session" and response.status_code == 204 and me is not None:
        me.forget()
    with lock:
        counts[f"{name} {case.meta.generation.mode.value if case.meta else 'probe'} {response.status_code}"] += 1


@atexit.register
def write_counts():
    with open(COUNTS, "w", encoding="utf-8") as file:
        json.dump(counts, file)
