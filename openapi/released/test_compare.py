"""One small document, changed in every way that breaks a client and in ways that break none."""

import copy
import json
import pathlib
import unittest

from compare import compare

SMALL = {
    "openapi": "3.1.0",
    "paths": {
        "/queries/{query}": {
            "get": {
                "operationId": "read_query",
                "security": [{"bearer": []}],
                "parameters": [
                    {"name": "query", "in": "path", "required": True, "schema": {"type": "string"}},
                    {"name": "fields", "in": "query", "schema": {"type": "string", "maxLength": 100}},
                ],
                "responses": {
                    "200": {
                        "headers": {"ETag": {"schema": {"type": "string"}}},
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Query"}}},
                    },
                    "404": {"description": "Not there."},
                },
            },
            "put": {
                "operationId": "change_query",
                "security": [],
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Draft"}}}},
                "responses": {
                    "200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Query"}}}}
                },
            },
        }
    },
    "components": {
        "schemas": {
            "Draft": {
                "type": "object",
                "required": ["title"],
                "properties": {
                    "title": {"type": "string", "minLength": 1, "maxLength": 400},
                    "kind": {"enum": ["text", "date"], "type": "string"},
                    "note": {"type": ["string", "null"]},
                    "code": {"type": "string", "pattern": "^[a-z]+$"},
                    "part": {"oneOf": [{"type": "string"}, {"type": "integer"}]},
                },
            },
            "Query": {
                "type": "object",
                "required": ["id", "status"],
                "properties": {
                    "id": {"type": "string", "format": "uuid"},
                    "status": {"enum": ["draft", "open"], "type": "string"},
                    "number": {"type": "string"},
                    "parts": {"type": "array", "items": {"$ref": "#/components/schemas/Query"}},
                },
            },
        }
    },
}

GET = "paths|/queries/{query}|get"
PUT = "paths|/queries/{query}|put"
DRAFT, QUERY = "components|schemas|Draft", "components|schemas|Query"
GONE = object()

# Where, and what stands there afterwards.
BREAKING = {
    "an operation is gone": (PUT, GONE),
    "an operation is called otherwise": (f"{GET}|operationId", "get_query"),
    "credentials are asked for": (f"{PUT}|security", [{"bearer": []}]),
    "other credentials are asked for": (f"{GET}|security", [{"oidc": []}]),
    "a key is gone": (f"{GET}|parameters|1", GONE),
    "a key is required": (f"{GET}|parameters|1|required", True),
    "a key is shorter": (f"{GET}|parameters|1|schema|maxLength", 50),
    "a key is written otherwise": (f"{GET}|parameters|1|explode", False),
    "a required key is new": (f"{GET}|parameters|2", {"name": "circle", "in": "query", "required": True}),
    "a success is gone": (f"{GET}|responses|200", GONE),
    "another success": (f"{GET}|responses|202", {}),
    "a header is gone": (f"{GET}|responses|200|headers|ETag", GONE),
    "a media type is gone": (f"{GET}|responses|200|content", {"text/csv": {}}),
    "a body is required": (f"{PUT}|requestBody|required", True),
    "a body is of another kind": (f"{PUT}|requestBody|content", {"text/csv": {}}),
    "a field to send is gone": (f"{DRAFT}|properties|note", GONE),
    "a field to send is required": (f"{DRAFT}|required", ["title", "kind"]),
    "a field to send is ignored": (f"{DRAFT}|properties|note|readOnly", True),
    "a type to send is narrower": (f"{DRAFT}|properties|note|type", "string"),
    "a word to send is gone": (f"{DRAFT}|properties|kind|enum", ["text"]),
    "a text to send is shorter": (f"{DRAFT}|properties|title|maxLength", 300),
    "a text to send is longer": (f"{DRAFT}|properties|title|minLength", 2),
    "a pattern to send is another": (f"{DRAFT}|properties|code|pattern", "^[a-f]+$"),
    "a pattern to send is new": (f"{DRAFT}|properties|title|pattern", "^[a-f]+$"),
    "an alternative to send is gone": (f"{DRAFT}|properties|part|oneOf|1", GONE),
    "unknown fields are refused": (f"{DRAFT}|additionalProperties", False),
    "a field received is gone": (f"{QUERY}|properties|number", GONE),
    "a field received may be left out": (f"{QUERY}|required", ["id"]),
    "a type received is wider": (f"{QUERY}|properties|number|type", ["string", "null"]),
    "a type received is another": (f"{QUERY}|properties|number|type", "integer"),
    "a word received is new": (f"{QUERY}|properties|status|enum", ["draft", "open", "closed"]),
    "a format received is another": (f"{QUERY}|properties|id|format", "uri"),
}
ADDITIVE = {
    "nothing": ("openapi", "3.1.0"),
    "an operation is new": ("paths|/queries", {"get": {"operationId": "list_queries", "responses": {}}}),
    "credentials are no longer asked for": (f"{GET}|security", []),
    "a key is new": (f"{GET}|parameters|2", {"name": "circle", "in": "query"}),
    "a key is longer": (f"{GET}|parameters|1|schema|maxLength", 200),
    "a refusal is new": (f"{GET}|responses|410", {}),
    "a refusal is gone": (f"{GET}|responses|404", GONE),
    "a media type is new": (f"{GET}|responses|200|content|text/csv", {}),
    "a field to send is new": (f"{DRAFT}|properties|unit", {"type": "string"}),
    "a field to send is not required": (f"{DRAFT}|required", []),
    "a type to send is wider": (f"{DRAFT}|properties|title|type", ["string", "null"]),
    "a word to send is new": (f"{DRAFT}|properties|kind|enum", ["text", "date", "table"]),
    "a text to send is longer": (f"{DRAFT}|properties|title|maxLength", 500),
    "a pattern to send is gone": (f"{DRAFT}|properties|code|pattern", GONE),
    "an alternative to send is new": (f"{DRAFT}|properties|part|oneOf|2", {"type": "null"}),
    "a field received is new": (f"{QUERY}|properties|stale", {"type": "boolean"}),
    "a field received is always there": (f"{QUERY}|required", ["id", "status", "number"]),
    "a word received is gone": (f"{QUERY}|properties|status|enum", ["draft"]),
    "a description": (f"{QUERY}|properties|number|description", "Its number."),
}


def changed(place, value):
    """The small document with another value at a place, whose steps stand between bars."""
    document = copy.deepcopy(SMALL)
    *steps, last = place.split("|")
    target = document
    for step in steps:
        target = target[int(step)] if isinstance(target, list) else target[step]
    if isinstance(target, list):
        at = int(last)
        target[at : at + 1] = [] if value is GONE else [value]
    elif value is GONE:
        del target[last]
    else:
        target[last] = value
    return document


class Compare(unittest.TestCase):
    def test_what_breaks_is_found(self):
        for name, change in BREAKING.items():
            with self.subTest(name):
                self.assertNotEqual(compare(SMALL, changed(*change)), [])

    def test_what_only_adds_passes(self):
        for name, change in ADDITIVE.items():
            with self.subTest(name):
                self.assertEqual(compare(SMALL, changed(*change)), [])

    def test_the_published_document_breaks_nothing_of_itself(self):
        text = (pathlib.Path(__file__).parent.parent / "ahq.json").read_text("utf-8")
        self.assertEqual(compare(json.loads(text), json.loads(text)), [])

    def test_a_field_gone_from_the_published_document_is_found(self):
        text = (pathlib.Path(__file__).parent.parent / "ahq.json").read_text("utf-8")
        without = json.loads(text)
        del without["components"]["schemas"]["Query"]["properties"]["deadline"]
        self.assertTrue(any("deadline: is gone" in fault for fault in compare(json.loads(text), without)))


if __name__ == "__main__":
    unittest.main()
