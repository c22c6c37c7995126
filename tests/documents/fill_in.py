#!/usr/bin/python3
"""Fills a Word form in with LibreOffice, as somebody at a desk would: fill_in.py FORM FILLED < values.json

The values are texts by the bookmarks of the controls; true ticks a box. LibreOffice opens the form, each control gets
its value through LibreOffice's own interface, and LibreOffice saves it as .docx.
"""

import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import uno
from com.sun.star.beans import PropertyValue
from com.sun.star.connection import NoConnectException


def setting(name, value):
    made = PropertyValue()
    made.Name, made.Value = name, value
    return made


def office(profile):
    pipe = f"ahq{Path(profile).name}"
    program = subprocess.Popen(
        ["soffice", "--headless", "--norestore", f"--accept=pipe,name={pipe};urp;",
         f"-env:UserInstallation=file://{profile}"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    here = uno.getComponentContext()
    resolver = here.ServiceManager.createInstanceWithContext("com.sun.star.bridge.UnoUrlResolver", here)
    for _ in range(120):
        try:
            there = resolver.resolve(f"uno:pipe,name={pipe};urp;StarOffice.ComponentContext")
            desktop = there.ServiceManager.createInstanceWithContext("com.sun.star.frame.Desktop", there)
            return program, desktop
        except NoConnectException:
            time.sleep(0.5)
    sys.exit("LibreOffice does not start")


def portions(text):
    """Every portion of a text and of the tables in it."""
    paragraphs = text.createEnumeration()
    while paragraphs.hasMoreElements():
        paragraph = paragraphs.nextElement()
        if paragraph.supportsService("com.sun.star.text.TextTable"):
            for name in paragraph.getCellNames():
                yield from portions(paragraph.getCellByName(name))
            continue
        yield from parts(paragraph)


def parts(of):
    """The portions of a paragraph or a control."""
    each = of.createEnumeration()
    while each.hasMoreElements():
        yield each.nextElement()


def fill(portion, value):
    if portion.TextPortionType == "TextField":
        portion.TextField.Content = value
        return
    control = portion.ContentControl
    if value is True:
        control.Checked = True
        return
    control.ShowingPlaceHolder = False
    # What is typed comes first; the placeholder behind it is taken away.
    shown = "".join(part.String for part in parts(control) if part.TextPortionType == "Text")
    control.setString(value)
    cursor = control.createTextCursor()
    cursor.collapseToStart()
    cursor.goRight(len(value), False)
    cursor.goRight(len(shown), True)
    cursor.setString("")
    if control.Date:
        control.CurrentDate = f"{value}T00:00:00Z"


def main():
    form, filled = (Path(name).resolve() for name in sys.argv[1:3])
    values = json.load(sys.stdin)
    with tempfile.TemporaryDirectory() as profile:
        program, desktop = office(profile)
        # A copy: LibreOffice locks what it opens.
        opened = shutil.copy(form, profile)
        document = desktop.loadComponentFromURL(f"file://{opened}", "_blank", 0, (setting("Hidden", True),))
        names = list(document.Bookmarks.ElementNames)
        # The controls in the order of the text, and the bookmarks that stand in or before each.
        left = dict(values)
        pending = None
        for portion in portions(document.Text):
            kind = portion.TextPortionType
            if kind == "Bookmark" and portion.IsStart and portion.Bookmark.Name in left:
                pending = portion.Bookmark.Name
            elif kind in ("TextField", "ContentControl"):
                if kind == "ContentControl":
                    inner = [part.Bookmark.Name for part in parts(portion.ContentControl)
                             if part.TextPortionType == "Bookmark"]
                    pending = next((name for name in inner if name in left), pending)
                if pending:
                    fill(portion, left.pop(pending))
                    pending = None
        document.storeToURL(f"file://{filled}", (setting("FilterName", "MS Word 2007 XML"),))
        document.close(True)
        program.terminate()
        program.wait()
        if left:
            sys.exit(f"LibreOffice has no control for {', '.join(left)}; it knows {', '.join(names)}")


main()
