"""What in a document would break a client of an earlier one: `compare.py OLD NEW`, exit code 1 when there is anything.

What a client sends may be taken more widely and never more narrowly; what it receives, the other way round, except that
new fields may appear: a client has to ignore what it does not know. Descriptions, examples and titles say nothing here.
A keyword that is not known here counts as narrower and wider at once when it changes.
"""

import json
import sys

METHODS = ("get", "put", "post", "delete", "patch", "head", "options")
SILENT = {"description", "example", "examples", "title", "default", "deprecated", "readOnly", "writeOnly", "$comment"}
UPPER = {"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"}
LOWER = {"minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"}
SENT, RECEIVED = "sent", "received"


class Comparison:
    """Two documents, and the faults found between them."""

    def __init__(self, old, new):
        self.old, self.new, self.faults, self.seen = old, new, [], set()

    def fault(self, place, text):
        self.faults.append(f"{place}: {text}")

    def follow(self, document, part):
        while isinstance(part, dict) and "$ref" in part:
            target = document
            for name in part["$ref"].removeprefix("#/").split("/"):
                target = target[name.replace("~1", "/").replace("~0", "~")]
            part = target
        return part

    def run(self):
        for path, item in self.old["paths"].items():
            for method in METHODS:
                if method in item:
                    place = f"{method.upper()} {path}"
                    new = self.new["paths"].get(path, {}).get(method)
                    if new is None:
                        self.fault(place, "is gone")
                    else:
                        self.operation(place, (item, item[method]), (self.new["paths"][path], new))
        return self.faults

    def operation(self, place, old, new):
        if old[1].get("operationId") != new[1].get("operationId"):
            self.fault(place, "has another operationId, which names the functions of generated clients")
        was, now = self.security(self.old, old[1]), self.security(self.new, new[1])
        if now and (not was or any(way not in now for way in was)):
            self.fault(place, "asks for other credentials")
        self.parameters(place, self.all_parameters(self.old, *old), self.all_parameters(self.new, *new))
        self.body(place, old[1], new[1])
        self.responses(place, old[1]["responses"], new[1]["responses"])

    def security(self, document, operation):
        """The ways to sign in; none where nobody has to."""
        ways = operation.get("security", document.get("security", []))
        return [] if {} in ways else ways

    def all_parameters(self, document, item, operation):
        all_ = [self.follow(document, one) for one in [*item.get("parameters", []), *operation.get("parameters", [])]]
        return {(one["in"], one["name"]): one for one in all_}

    def parameters(self, place, old, new):
        for key, parameter in old.items():
            name = f"{place} {' '.join(key)}"
            if key not in new:
                self.fault(name, "is gone, and unknown keys are refused")
                continue
            if new[key].get("required") and not parameter.get("required"):
                self.fault(name, "has become required")
            if any(parameter.get(part) != new[key].get(part) for part in ("style", "explode")):
                self.fault(name, "is written differently")
            self.schema(name, parameter.get("schema", {}), new[key].get("schema", {}), SENT)
        for key in new.keys() - old.keys():
            if new[key].get("required"):
                self.fault(f"{place} {' '.join(key)}", "is new and required")

    def body(self, place, old, new):
        old, new = self.follow(self.old, old.get("requestBody", {})), self.follow(self.new, new.get("requestBody", {}))
        if new.get("required") and not old.get("required"):
            self.fault(place, "has come to require a body")
        for kind, content in old.get("content", {}).items():
            if kind not in new.get("content", {}):
                self.fault(place, f"takes no {kind} any more")
            else:
                self.schema(f"{place} body", content.get("schema", {}), new["content"][kind].get("schema", {}), SENT)

    def responses(self, place, old, new):
        for status, response in old.items():
            # A refusal that is never given again breaks nobody.
            if not status.startswith("2"):
                continue
            if status not in new:
                self.fault(f"{place} {status}", "is gone")
                continue
            was, now = self.follow(self.old, response), self.follow(self.new, new[status])
            for header in was.get("headers", {}).keys() - now.get("headers", {}).keys():
                self.fault(f"{place} {status}", f"has no header {header} any more")
            for kind, content in was.get("content", {}).items():
                if kind not in now.get("content", {}):
                    self.fault(f"{place} {status}", f"gives no {kind} any more")
                else:
                    new_schema = now["content"][kind].get("schema", {})
                    self.schema(f"{place} {status}", content.get("schema", {}), new_schema, RECEIVED)
        for status in new.keys() - old.keys():
            if status.startswith("2"):
                self.fault(f"{place} {status}", "is new, and a client of before does not know it")

    def schema(self, place, old, new, way):
        """Compares what stands at a place; a schema that refers to itself is compared once."""
        key = (json.dumps(old, sort_keys=True), json.dumps(new, sort_keys=True), way)
        if "$ref" in key[0] and key in self.seen:
            return
        self.seen.add(key)
        old, new = self.follow(self.old, old), self.follow(self.new, new)
        if not isinstance(old, dict) or not isinstance(new, dict):
            if old != new:
                self.fault(place, f"was {old}, is {new}")
            return
        for word in sorted((old.keys() | new.keys()) - SILENT):
            self.keyword(place, word, old, new, way)

    def keyword(self, place, word, old, new, way):
        was, now = old.get(word), new.get(word)
        if word == "properties":
            self.properties(place, old, new, way)
        elif word == "required":
            more, less = set(now or ()) - set(was or ()), set(was or ()) - set(now or ())
            for name in sorted(more if way == SENT else less):
                self.fault(f"{place}.{name}", "has become required" if way == SENT else "may be left out now")
        elif (
            word in ("items", "additionalProperties", "propertyNames")
            and isinstance(was, dict)
            and isinstance(now, dict)
        ):
            self.schema(f"{place}[]", was, now, way)
        elif word in ("oneOf", "anyOf", "allOf") and was is not None and now is not None:
            self.alternatives(place, was, now, way)
        elif word in ("type", "enum"):
            self.narrowed(place, word, words(was, word, old), words(now, word, new), way)
        elif word in UPPER | LOWER:
            self.limit(place, word, was, now, way)
        elif was != now and not dropped(was, now, way):
            self.fault(place, f"{word} was {json.dumps(was)}, is {json.dumps(now)}")

    def properties(self, place, old, new, way):
        was, now = old.get("properties", {}), new.get("properties", {})
        for name in was.keys() - now.keys():
            self.fault(f"{place}.{name}", "is gone")
        for name in was.keys() & now.keys():
            # What only replies have is ignored when it is sent back.
            if way == SENT and was[name].get("readOnly"):
                continue
            self.schema(f"{place}.{name}", was[name], now[name], way)
            if way == SENT and now[name].get("readOnly") and not was[name].get("readOnly"):
                self.fault(f"{place}.{name}", "is ignored now when it is sent")

    def alternatives(self, place, was, now, way):
        if len(was) != len(now) and (len(now) < len(was)) == (way == SENT):
            self.fault(place, f"has {len(now)} alternatives instead of {len(was)}")
        for one, (before, after) in enumerate(zip(was, now, strict=False)):
            self.schema(f"{place}<{one}>", before, after, way)

    def narrowed(self, place, word, was, now, way):
        """None stands for no bound at all."""
        if was == now:
            return
        fewer = was is None or (now is not None and not was <= now)
        more = now is None or (was is not None and not now <= was)
        if (way == SENT and now is not None and fewer) or (way == RECEIVED and was is not None and more):
            self.fault(place, f"{word} was {listed(was)}, is {listed(now)}")

    def limit(self, place, word, was, now, way):
        if was == now:
            return
        sign = 1 if word in UPPER else -1
        tighter = was is None or (now is not None and sign * now < sign * was)
        if tighter == (way == SENT):
            self.fault(place, f"{word} was {was}, is {now}")


def words(value, word, schema):
    if value is None:
        return None
    found = frozenset(json.dumps(one) for one in (value if isinstance(value, list) else [value]))
    # Whatever takes a number takes a whole one.
    return found | {'"integer"'} if word == "type" and '"number"' in found else found


def listed(found):
    return "anything" if found is None else ", ".join(sorted(found))


def dropped(was, now, way):
    """A bound that is gone widens what may be sent; one that is new narrows what is received."""
    return (way == SENT and now is None) or (way == RECEIVED and was is None)


def compare(old, new):
    """Each thing in `new` that would break a client of `old`, in words."""
    return Comparison(old, new).run()


def main(old_file, new_file):
    with open(old_file, encoding="utf-8") as old, open(new_file, encoding="utf-8") as new:
        old, new = json.load(old), json.load(new)
    faults = compare(old, new)
    for fault in faults:
        print(fault)
    print(f"goal=S1-released measured={len(faults)} target=0 {'fail' if faults else 'pass'}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
