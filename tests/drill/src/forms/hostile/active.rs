//! What would run when the document is opened: macros, embedded objects, fields that start programs or read files.

use super::super::package::Entry;
use super::{ACTIVE, Files, Honest, MACROS, NAMES, OUTSIDE, office};

/// Fields that start programs, read files or addresses, or ask their reader.
const FIELDS: [&str; 24] = [
    "DDE cmd.exe /c calc",
    "DDEAUTO c:\\\\windows\\\\system32\\\\cmd.exe \"/k calc\"",
    "INCLUDETEXT \"/etc/passwd\"",
    "INCLUDEPICTURE \"TRAP/picture.png\" \\d",
    "INCLUDE \"/etc/passwd\"",
    "IMPORT \"/etc/passwd\"",
    "LINK Excel.Sheet.12 \"\\\\\\\\server\\\\share\\\\x.xlsx\" R1C1",
    "EMBED Package",
    "MACROBUTTON AutoOpen Press",
    "GOTOBUTTON x",
    "PRINT \"x\"",
    "DATABASE \\d \"/etc/passwd\" \\c \"DSN=x\"",
    "AUTOTEXT x",
    "AUTOTEXTLIST x",
    "GLOSSARY x",
    "MERGEFIELD x",
    "NEXT",
    "ASK x \"Your password?\"",
    "FILLIN \"Your password?\"",
    "SET x \"y\"",
    "IF 1 = 1 \"yes\" \"no\"",
    "RD \"/etc/passwd\"",
    "CONTROL Forms.HTML:Text.1",
    "ATOTALLYNEWFIELD x",
];

fn escaped(instruction: &str) -> String {
    instruction.replace('"', "&quot;")
}

fn char(kind: &str) -> String {
    format!("<w:r><w:fldChar w:fldCharType=\"{kind}\"/></w:r>")
}

fn text(instruction: &str) -> String {
    format!(
        "<w:r><w:instrText xml:space=\"preserve\">{}</w:instrText></w:r>",
        escaped(instruction)
    )
}

pub(super) fn add(honest: &Honest<'_>, files: &mut Files) {
    macros(honest, files);
    objects(honest, files);
    for instruction in FIELDS {
        let instruction = instruction.replace("TRAP", honest.trap);
        let word = instruction.split(' ').next().expect("a word").to_lowercase();
        let field = format!("<w:p>{}{}{}</w:p>", char("begin"), text(&instruction), char("end"));
        files.add(format!("field-{word}"), ACTIVE, honest.body(&field));
    }
    let field = |runs: &[String]| format!("<w:p>{}</w:p>", runs.concat());
    let (begin, separate, end) = (char("begin"), char("separate"), char("end"));
    for (name, xml) in [
        (
            "in-an-answer-in-two-runs",
            field(&[begin.clone(), text("DDE"), text("AUTO cmd"), end.clone()]),
        ),
        (
            "in-small-letters",
            field(&[begin.clone(), text(" \t\nddeauto cmd"), end.clone()]),
        ),
        ("without-an-end", field(&[begin.clone(), text("DDEAUTO cmd")])),
        ("without-a-begin", field(&[text("DDEAUTO cmd")])),
        (
            "made-by-another",
            field(&[
                begin.clone(),
                begin.clone(),
                text("QUOTE 68 68 69"),
                end.clone(),
                text(" cmd"),
                end.clone(),
            ]),
        ),
        (
            "inside-a-harmless-one",
            field(&[
                begin.clone(),
                text("QUOTE "),
                begin.clone(),
                text("DDEAUTO cmd"),
                end.clone(),
                separate.clone(),
                end.clone(),
            ]),
        ),
        (
            "after-its-result",
            field(&[
                begin.clone(),
                separate.clone(),
                separate,
                text("DDEAUTO cmd"),
                end.clone(),
            ]),
        ),
        (
            "simple",
            "<w:p><w:fldSimple w:instr=\" DDEAUTO cmd\"><w:r/></w:fldSimple></w:p>".to_owned(),
        ),
        (
            "that-was-deleted",
            format!(
                "<w:p><w:del w:id=\"1\">{begin}<w:r><w:delInstrText>DDEAUTO cmd</w:delInstrText></w:r>{end}</w:del></w:p>"
            ),
        ),
        (
            "after-half-a-megabyte-of-blanks",
            field(&[
                begin.clone(),
                text(&" ".repeat(1 << 19)),
                text("DDEAUTO cmd"),
                end.clone(),
            ]),
        ),
    ] {
        files.add(format!("field-{name}"), ACTIVE, honest.answer(&xml));
    }
    let dde = field(&[begin, text("DDEAUTO cmd"), end]);
    for (name, root) in [
        ("footnotes", "w:footnotes"),
        ("comments", "w:comments"),
        ("glossary", "w:glossaryDocument"),
        ("settings", "w:settings"),
    ] {
        let part = format!("<{root} {NAMES}>{dde}</{root}>");
        files.add(
            format!("field-in-{name}"),
            ACTIVE,
            honest.with(&format!("word/{name}9.xml"), part),
        );
    }
    files.add("field-in-a-header", ACTIVE, honest.part(&dde));
    // A header that is called a picture.
    let types = own(honest, "[Content_Types].xml");
    for (name, declared) in [
        (
            "part",
            "<Override PartName=\"/word/media/x.png\" \
             ContentType=\"application/vnd.openxmlformats-officedocument.wordprocessingml.header+xml\"/></Types>",
        ),
        (
            "ending",
            "<Default Extension=\"png\" \
             ContentType=\"application/vnd.openxmlformats-officedocument.wordprocessingml.header+xml\"/></Types>",
        ),
    ] {
        let mut form = honest.copy();
        form.put("[Content_Types].xml", types.replace("</Types>", declared));
        form.put("word/media/x.png", format!("<w:hdr {NAMES}>{dde}</w:hdr>"));
        files.add(
            format!("field-in-a-{name}-that-is-called-a-picture"),
            ACTIVE,
            form.saved(),
        );
    }
}

fn own(honest: &Honest<'_>, part: &str) -> String {
    let found = honest.form.parts.iter().find(|(known, _)| known == part);
    String::from_utf8(found.expect("a part of the form").1.clone()).expect("UTF-8")
}

fn macros(honest: &Honest<'_>, files: &mut Files) {
    let program = b"\xd0\xcf\x11\xe0AutoOpen".to_vec();
    files.add("macros", MACROS, honest.with("word/vbaProject.bin", program.clone()));
    files.add(
        "macros-elsewhere",
        MACROS,
        honest.with("customXml/VBAPROJECT.BIN", program.clone()),
    );
    files.add("macros-as-xml", MACROS, honest.with("word/vbaData.xml", "<x/>"));
    let types = own(honest, "[Content_Types].xml");
    for (name, kind) in [
        ("document", "application/vnd.ms-word.document.macroEnabled.main+xml"),
        (
            "template",
            "application/vnd.ms-word.template.macroEnabledTemplate.main+xml",
        ),
        ("capitals", "APPLICATION/VND.MS-WORD.DOCUMENT.MACROENABLED.MAIN+XML"),
        ("project", "application/vnd.ms-office.vbaProject"),
    ] {
        let more = format!("<Override PartName=\"/word/x.xml\" ContentType=\"{kind}\"/></Types>");
        let changed = types.replace("</Types>", &more);
        files.add(
            format!("content-type-of-macros-{name}"),
            MACROS,
            honest.with("[Content_Types].xml", changed),
        );
    }
    let microsoft = "http://schemas.microsoft.com/office/2006/relationships";
    let project = honest.related(&format!("{microsoft}/vbaProject"), "media/x.png", "");
    files.add("macros-that-are-called-a-picture", MACROS, project);
    for (name, kind) in [
        ("toolbars", "attachedToolbars"),
        ("keys", "keyMapCustomizations"),
        ("ribbon", "ui/extensibility"),
    ] {
        files.add(
            name,
            ACTIVE,
            honest.related(&format!("{microsoft}/{kind}"), "x.xml", ""),
        );
    }
    let panes = honest.related(
        "http://schemas.microsoft.com/office/2011/relationships/webextensiontaskpanes",
        "x.xml",
        "",
    );
    files.add("add-in-from-the-web", OUTSIDE, panes);
}

fn objects(honest: &Honest<'_>, files: &mut Files) {
    for (name, part) in [
        ("object", "word/embeddings/oleObject1.bin"),
        ("workbook", "word/embeddings/Workbook1.xlsx"),
        ("picture", "word/embeddings/x.png"),
        ("control", "word/activeX/activeX1.xml"),
        ("property", "word/ctrlProps/x.xml"),
        ("page", "word/afchunk1.htm"),
        ("chunk", "word/afchunk.xml"),
        ("program", "word/media/x.exe"),
        ("javascript", "word/media/x.js"),
        ("visual-basic", "word/media/x.vbs"),
        ("batch", "word/media/x.bat"),
        ("powershell", "word/media/x.ps1"),
        ("shortcut", "word/media/x.lnk"),
        ("screen-saver", "word/media/x.scr"),
        ("drawing-of-word-2003", "word/vmlDrawing1.vml"),
        ("without-an-ending", "word/media/x"),
        ("printer-settings", "word/printerSettings1.bin"),
    ] {
        files.add(
            format!("embedded-{name}"),
            ACTIVE,
            honest.entry(Entry::deflated(part, b"MZ")),
        );
    }
    for kind in ["oleObject", "OLEOBJECT", "control", "package", "aFChunk"] {
        files.add(
            format!("relation-{kind}"),
            ACTIVE,
            honest.related(&office(kind), "media/x.png", ""),
        );
    }
    let strict = honest.related(
        "http://purl.oclc.org/ooxml/officeDocument/relationships/oleObject",
        "media/x.png",
        "",
    );
    files.add("relation-oleObject-strict", ACTIVE, strict);
    for name in [
        "w:altChunk r:id=\"rIdX\"",
        "w:subDoc r:id=\"rIdX\"",
        "w:control r:id=\"rIdX\"",
    ] {
        let word = name.split([':', ' ']).nth(1).expect("a word");
        files.add(format!("element-{word}"), ACTIVE, honest.part(&format!("<{name}/>")));
    }
}
