"""Plays one query through the interface: signs in, drafts, launches, answers as another office, compiles, downloads.

The package `ahq` is made from openapi/ahq.json. Against `ahq demo`, whose users it signs in as:
    python main.py ADDRESS PASSWORD
"""

import sys
import time
from typing import Any, TypeVar

from ahq import AuthenticatedClient, Client
from ahq.api.compilations import make_edition, read_edition
from ahq.api.queries import create_query, launch_query, read_query
from ahq.api.responses import read_response, save_response, submit_response
from ahq.api.session import sign_in
from ahq.models import (
    Addressed,
    Answer,
    Circle,
    Edition,
    EditionDocument,
    Launch,
    Number,
    NumberFlag,
    OfficeResponse,
    Query,
    QueryDraft,
    QuestionDraft,
    QuestionKind,
    ReadEditionCircle,
    ReadEditionFormat,
    ResponseDraft,
    ResponseDraftAnswers,
    SignIn,
    Tokens,
    YesNo,
)
from ahq.types import Response

Wanted = TypeVar("Wanted")


def got(wanted: type[Wanted], reply: Response[Any]) -> Wanted:
    """What came, when it is what was wanted; a problem document says what stood in the way."""
    if not isinstance(reply.parsed, wanted):
        raise TypeError(f"{reply.status_code}: {reply.content.decode()}")
    return reply.parsed


def signed_in(address: str, email: str, password: str) -> AuthenticatedClient:
    body = SignIn(email=email, password=password)
    tokens = got(Tokens, sign_in.sync_detailed(client=Client(base_url=address), body=body))
    return AuthenticatedClient(base_url=address, token=tokens.access_token)


def main(host: str, password: str) -> None:
    address = f"{host}/api/v1"
    luxembourg = signed_in(address, "coordinator.lu@example.org", password)
    austria = signed_in(address, "coordinator.at@example.org", password)

    draft = QueryDraft(
        title="Missing unaccompanied minors",
        topics=["unaccompanied_minors"],
        questions=[
            QuestionDraft(id="q1", kind=QuestionKind.YES_NO, text="Does your country register missing minors?"),
            QuestionDraft(id="q2", kind=QuestionKind.NUMBER, text="How many?", unit="persons", period="2025"),
        ],
    )
    # The same key with the same body gives the same draft again: a repetition is harmless.
    key = f"example-{time.time_ns()}"
    query = got(Query, create_query.sync_detailed(client=luxembourg, body=draft, idempotency_key=key))
    again = got(Query, create_query.sync_detailed(client=luxembourg, body=draft, idempotency_key=key))
    if again.id != query.id:
        raise RuntimeError("a repeated request made a second draft")
    name = str(query.id)

    def etag() -> str:
        reply = read_query.sync_detailed(name, client=luxembourg)
        got(Query, reply)
        return reply.headers["ETag"]

    launch = Launch(addressed=Addressed.LIST, offices=["AT"])
    launched = got(Query, launch_query.sync_detailed(name, client=luxembourg, body=launch, if_match=etag()))

    answers = ResponseDraftAnswers()
    answers["q1"] = Answer(yes_no=YesNo.YES, comment="Since 2019.")
    answers["q2"] = Answer(number=Number(value="1250", flag=NumberFlag.ESTIMATE), circle=Circle.NETWORK)
    got(OfficeResponse, save_response.sync_detailed(name, "AT", client=austria, body=ResponseDraft(answers=answers)))
    saved = read_response.sync_detailed(name, "AT", client=austria)
    got(OfficeResponse, saved)
    got(
        OfficeResponse,
        submit_response.sync_detailed(name, "AT", client=austria, if_match=saved.headers["ETag"]),
    )

    # Everybody who was asked has answered, so nobody waits for the deadline.
    edition = got(Edition, make_edition.sync_detailed(name, client=luxembourg, if_match=etag()))
    document = got(
        EditionDocument,
        read_edition.sync_detailed(name, edition.number, client=luxembourg, circle=ReadEditionCircle.NETWORK),
    )
    if document.view.circle != Circle.NETWORK:
        raise RuntimeError(f"the view of {document.view.circle}")
    # The client reads every edition as JSON, so a page comes over the connection beneath it.
    page = luxembourg.get_httpx_client().get(
        f"/queries/{name}/editions/{edition.number}", params={"format": ReadEditionFormat.HTML.value}
    )
    page.raise_for_status()
    if "Since 2019." not in page.text:
        raise RuntimeError("the page does not show the answer")
    print(f"Python: query {launched.number}, edition {edition.number}, {len(page.text)} characters of HTML")


if __name__ == "__main__":
    main(*sys.argv[1:3])
