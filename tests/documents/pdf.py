"""PDF/UA-1, PDF/A-2a and what neither asks for: pdf.py FOLDER

Every PDF of the folder has to hold; then one of them is broken in every way that is checked, and each has to be found.
"""

import io
import re
import subprocess
import sys
from pathlib import Path

import page
import pikepdf
from pikepdf import Array, Dictionary, Name, String


def elements(pdf):
    """All elements of the tag tree."""
    waiting = [pdf.Root.StructTreeRoot] if Name.StructTreeRoot in pdf.Root else []
    while waiting:
        element = waiting.pop()
        if Name.S in element:
            yield element
        kids = element.get(Name.K, [])
        for kid in kids if isinstance(kids, Array) else [kids]:
            if isinstance(kid, Dictionary) and (Name.S in kid or Name.K in kid):
                waiting.append(kid)


def attribute(element, name):
    given = element.get(Name.A, [])
    for attributes in given if isinstance(given, Array) else [given]:
        if isinstance(attributes, Dictionary) and name in attributes:
            return attributes[name]
    return None


def more(pdf):
    """What a reader needs and no profile asks for."""
    tables = heads = 0
    for element in elements(pdf):
        if element.S == Name.Table:
            tables += 1
            # The tables that authors write in their texts have none.
            if attribute(element, Name.Summary) is not None:
                heads += 1
        if element.S == Name.TH and attribute(element, Name.Scope) is None:
            yield "a head of a row or column does not say of which"
        if element.S == Name.Figure and Name.Alt not in element:
            yield "a figure has no text"
    if tables == 0 or heads == 0:
        yield "no table says what it shows"
    with pdf.open_outline() as outline:
        if len(outline.root) == 0:
            yield "no outline"
    if not pdf.Root.get(Name.ViewerPreferences, {}).get(Name.DisplayDocTitle, False):
        yield "the title is not shown"
    if str(pdf.Root.get(Name.Lang, "")) != "en-GB":
        yield "not in English"
    for number, one in enumerate(pdf.pages, 1):
        for annotation in one.get(Name.Annots, []):
            if annotation.Subtype == Name.Link and not str(annotation.get(Name.Contents, "")):
                yield f"page {number}: a link does not say where it leads"


def wrong_length(document):
    """Whether a stream is not as long as it says. The validator takes a stream whose last byte is a carriage return for
    one byte longer than it is; here its end is looked for where it has to be."""
    streams = re.finditer(rb"/Length (\d+)[^>]*>>\s*stream\r?\n", document)
    ends = [stream.end() + int(stream[1]) for stream in streams]
    return not ends or not all(re.match(rb"\r?\n?endstream", document[end:end + 12]) for end in ends)


def faults(document):
    found = []
    # The largest sample has more content than a validator of strangers' files allows by itself.
    limits = page.SafetyLimits.unlimited()
    for profile in ("ua1", "2a"):
        report = page.validate_pdf_bytes(document, profile=profile, limits=limits)
        found += [f"{failure.rule_id}: {failure.message}" for failure in report.failures
                  if failure.rule_id != "PDFA2A-STREAM-LENGTH-001" or wrong_length(document)]
    with pikepdf.open(io.BytesIO(document)) as pdf:
        found += more(pdf)
    return sorted(set(found))


def first(pdf, kind, which=0):
    return [element for element in elements(pdf) if element.S == Name(kind)][which]


def without_metadata(pdf, namespace):
    stream = pdf.Root.Metadata
    stream.write(stream.read_bytes().replace(namespace, b"unknown"))


def drop_fonts(pdf):
    for thing in pdf.objects:
        if isinstance(thing, Dictionary):
            for name in (Name.FontFile, Name.FontFile2, Name.FontFile3):
                if name in thing:
                    del thing[name]


def every_link(pdf, change):
    for one in pdf.pages:
        for annotation in one.get(Name.Annots, []):
            change(annotation)


def drop(name):
    def change(thing):
        if name in thing:
            del thing[name]
    return change


def unmarked(pdf):
    pdf.pages[1].contents_add(pdf.make_stream(b"0 0 m 9 9 l S"), prepend=True)


# How a document may be broken, each by what breaks it.
BROKEN = {
    "no tags": lambda pdf: drop(Name.StructTreeRoot)(pdf.Root),
    "not marked as tagged": lambda pdf: drop(Name.MarkInfo)(pdf.Root),
    "no language": lambda pdf: drop(Name.Lang)(pdf.Root),
    "no title shown": lambda pdf: drop(Name.ViewerPreferences)(pdf.Root),
    "no title": lambda pdf: without_metadata(pdf, b"dc:title"),
    "not said to be PDF/UA": lambda pdf: without_metadata(pdf, b"pdfuaid:part"),
    "not said to be PDF/A": lambda pdf: without_metadata(pdf, b"pdfaid:part"),
    "no fonts inside": drop_fonts,
    "content without a tag": unmarked,
    "a heading skipped": lambda pdf: first(pdf, "/H2").__setattr__("S", Name.H6),
    "a figure without text": lambda pdf: first(pdf, "/P").__setattr__("S", Name.Figure),
    "heads without scope": lambda pdf: [drop(Name.A)(element) for element in elements(pdf) if element.S == Name.TH],
    "a row outside a table": lambda pdf: first(pdf, "/Table").__setattr__("S", Name.P),
    "tables without summary": lambda pdf: [drop(Name.A)(element) for element in elements(pdf) if element.S == Name.Table],
    "links that say nothing": lambda pdf: every_link(pdf, drop(Name.Contents)),
    "links without a tag": lambda pdf: every_link(pdf, drop(Name.StructParent)),
    "no outline": lambda pdf: drop(Name.Outlines)(pdf.Root),
    "a script": lambda pdf: pdf.Root.__setattr__(
        "OpenAction", Dictionary(S=Name.JavaScript, JS=String("app.alert(1)"))),
}


def shortened(document):
    """The document with a stream that says that it has another length than it has."""
    return re.sub(rb"/Length (\d)(\d+)", lambda found: b"/Length %d%s" % (int(found[1]) % 9 + 1, found[2]),
                  document, count=1)


def broken(document, breaks):
    with pikepdf.open(io.BytesIO(document)) as pdf:
        breaks(pdf)
        out = io.BytesIO()
        pdf.save(out)
        return out.getvalue()


def main():
    files = sorted(Path(sys.argv[1]).rglob("*.pdf"))
    wrong = [] if files else ["there is no PDF"]
    for file in files:
        wrong += [f"{file.name}: {fault}" for fault in faults(file.read_bytes())]
        told = subprocess.run(["pdfinfo", file], capture_output=True, text=True, check=True).stdout
        if "\nTagged:          yes" not in told:
            wrong.append(f"{file.name}: pdfinfo says that it is not tagged")
    smallest = min(files, key=lambda file: file.stat().st_size).read_bytes()
    # What only takes it apart and puts it together again breaks nothing.
    if faults(broken(smallest, lambda pdf: None)):
        wrong.append("a document is broken by looking at it")
    wrong += [f"not found: {name}" for name, breaks in BROKEN.items() if not faults(broken(smallest, breaks))]
    if not any("STREAM-LENGTH" in fault for fault in faults(shortened(smallest))):
        wrong.append("not found: a stream of another length")
    for fault in wrong:
        print(fault)
    print(f"{len(files)} PDFs and {len(BROKEN) + 1} broken ones checked")
    print(f"goal=S10-pdf measured={len(wrong)} target=0 {'fail' if wrong else 'pass'}")
    sys.exit(bool(wrong))


main()
