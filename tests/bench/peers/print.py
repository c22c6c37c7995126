"""Prints documents as a peer does: print.py weasyprint|docxtpl|xlsxwriter|libreoffice.

One line of JSON a document comes in: its content, and the file to write it to. One line goes out: how many
milliseconds the peer took. Reading the content, making the template and writing the file do not count; nor does the
start of the peer, which says "ready" first.
"""

import io
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def weasyprint():
    """HTML to PDF. Neither tags nor an archival profile are asked for: without them it is faster."""
    from weasyprint import HTML
    from weasyprint.text.fonts import FontConfiguration

    fonts = FontConfiguration()

    def write(content):
        return HTML(string=content).write_pdf(font_config=fonts)

    yield write


def docxtpl():
    """Word's DOCX from a template that has the parts of our document."""
    from docxtpl import DocxTemplate

    template = word_template()

    def write(content):
        document = DocxTemplate(io.BytesIO(template))
        document.render(content, autoescape=True)
        file = io.BytesIO()
        document.save(file)
        return file.getvalue()

    yield write


def word_template():
    """Headings, paragraphs, lists and tables in any order, as the content has them."""
    from docx import Document

    document = Document()
    # The picture of python-docx's own template.
    package = document.part.package
    for key in [key for key, part in package.rels.items() if part.reltype.endswith("/thumbnail")]:
        package.rels.pop(key)

    def line(text, style=None):
        document.add_paragraph(text, style)

    def table(*cells):
        made = document.add_table(rows=0, cols=len(cells[0]), style="Table Grid")
        for row in cells:
            for cell, text in zip(made.add_row().cells, row):
                first, *others = text.split("\n")
                cell.text = first
                for other in others:
                    cell.add_paragraph(other)

    line("{{ over_title }}", "Subtitle")
    line("{{ title }}", "Title")
    line("{%p for part in blocks %}")
    for level in (2, 3, 4):
        line("{%p if part.heading == " + str(level) + " %}")
        line("{{ part.text }}", f"Heading {level}")
        line("{%p endif %}")
    line("{%p if part.paragraph %}")
    line("{{ part.paragraph }}")
    line("{%p endif %}")
    line("{%p for item in part.list %}")
    line("{{ item }}", "List Bullet")
    line("{%p endfor %}")
    line("{%p if part.table %}")
    line("{{ part.caption }}", "Caption")
    table(
        ["{%tc for head in part.table.head %}", "{{ head }}", "{%tc endfor %}"],
        ["{%tr for row in part.table.rows %}", "", ""],
        ["{%tc for cell in row %}",
         "{%p for paragraph in cell %}\n{{ paragraph }}\n{%p endfor %}",
         "{%tc endfor %}"],
        ["{%tr endfor %}", "", ""],
    )
    line("{%p endif %}")
    line("{%p endfor %}")
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def xlsxwriter():
    """A workbook with the sheets and rows of ours: texts wrapped, heads frozen, each sheet a table with filters."""
    from xlsxwriter import Workbook

    def write(content):
        file = io.BytesIO()
        workbook = Workbook(file, {"in_memory": True})
        text = workbook.add_format({"text_wrap": True, "valign": "top"})
        number = workbook.add_format({"valign": "top"})
        for sheet in content:
            worksheet = workbook.add_worksheet(sheet["name"])
            worksheet.freeze_panes(1, 0)
            worksheet.set_landscape()
            worksheet.set_paper(9)
            worksheet.fit_to_pages(1, 0)
            worksheet.repeat_rows(0)
            head, *rows = sheet["rows"]
            worksheet.set_column(0, len(head) - 1, 20)
            for place, row in enumerate(rows, 1):
                for column, cell in enumerate(row):
                    if cell is None:
                        worksheet.write_blank(place, column, None, text)
                    elif isinstance(cell, str):
                        worksheet.write_string(place, column, cell, text)
                    else:
                        worksheet.write_number(place, column, cell, number)
            worksheet.add_table(0, 0, max(len(rows), 1), len(head) - 1, {
                "columns": [{"header": name} for name in head], "style": "Table Style Light 9"})
        workbook.close()
        return file.getvalue()

    yield write


def libreoffice():
    """Our DOCX to PDF, by one LibreOffice that stays: what it takes to start does not count."""
    import uno
    from com.sun.star.beans import PropertyValue
    from com.sun.star.connection import NoConnectException

    def settings(**values):
        made = []
        for name, value in values.items():
            made.append(PropertyValue())
            made[-1].Name, made[-1].Value = name, value
        return tuple(made)

    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "printed.pdf"

        def write(content):
            document = desktop.loadComponentFromURL(f"file://{content}", "_blank", 0, settings(Hidden=True))
            document.storeToURL(f"file://{target}", settings(FilterName="writer_pdf_Export"))
            document.close(True)
            return target.read_bytes()

        pipe = f"ahq{Path(folder).name}"
        program = subprocess.Popen(
            ["soffice", "--headless", "--norestore", f"--accept=pipe,name={pipe};urp;",
             f"-env:UserInstallation=file://{folder}/profile"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            here = uno.getComponentContext()
            resolver = here.ServiceManager.createInstance("com.sun.star.bridge.UnoUrlResolver")
            for _ in range(600):
                try:
                    there = resolver.resolve(f"uno:pipe,name={pipe};urp;StarOffice.ComponentContext")
                    break
                except NoConnectException:
                    time.sleep(0.1)
            else:
                sys.exit("LibreOffice does not start")
            desktop = there.ServiceManager.createInstanceWithContext("com.sun.star.frame.Desktop", there)
            yield write
            desktop.terminate()
        finally:
            program.wait(30)


PEERS = {"weasyprint": weasyprint, "docxtpl": docxtpl, "xlsxwriter": xlsxwriter, "libreoffice": libreoffice}


def main():
    for write in PEERS[sys.argv[1]]():
        print("ready", flush=True)
        for line in sys.stdin:
            work = json.loads(line)
            begun = time.perf_counter()
            printed = write(work["content"])
            took = (time.perf_counter() - begun) * 1000
            Path(work["file"]).write_bytes(printed)
            print(took, flush=True)


main()
