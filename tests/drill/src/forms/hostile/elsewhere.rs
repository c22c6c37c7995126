//! What draws on something elsewhere: templates, pictures, frames, data. Nobody may call the address they name.

use super::{BROKEN, Expected, Files, Honest, NAMES, OUTSIDE, office};

const EXTERNAL: &str = " TargetMode=\"External\"";

pub(super) fn add(honest: &Honest<'_>, files: &mut Files) {
    let trap = honest.trap;
    let relations = |target: &str, kind: &str, mode: &str| {
        format!(
            "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"rId1\" \
             Type=\"{}\" Target=\"{target}\"{mode}/></Relationships>",
            office(kind)
        )
    };
    for (name, target) in [
        ("address", format!("{trap}/t.dotm")),
        ("share", "\\\\127.0.0.1\\share\\t.dotm".to_owned()),
        ("file", "file:///etc/passwd".to_owned()),
        ("name", "t.dotm".to_owned()),
    ] {
        let part = relations(&target, "attachedTemplate", EXTERNAL);
        files.add(
            format!("template-by-{name}"),
            OUTSIDE,
            honest.with("word/_rels/settings.xml.rels", part),
        );
    }
    for kind in [
        "image",
        "video",
        "audio",
        "frame",
        "subDocument",
        "mailMergeSource",
        "transform",
        "customXml",
        "font",
        "header",
        "officeDocument",
        "styles",
        "externalLinkPath",
        "glossaryDocument",
    ] {
        files.add(
            format!("{kind}-from-an-address"),
            OUTSIDE,
            honest.related(&office(kind), &format!("{trap}/x"), EXTERNAL),
        );
    }
    for (name, mode) in [
        ("without-a-mode", ""),
        ("with-a-mode-in-small-letters", " TargetMode=\"external\""),
        ("with-a-mode-between-blanks", " TargetMode=\" External \""),
        ("that-is-within-it-says", " TargetMode=\"Internal\""),
    ] {
        files.add(
            format!("picture-{name}"),
            OUTSIDE,
            honest.related(&office("image"), &format!("{trap}/x.png"), mode),
        );
    }
    for part in [
        "_rels/.rels",
        "word/_rels/header9.xml.rels",
        "docProps/_rels/app.xml.rels",
    ] {
        let bytes = match part {
            "_rels/.rels" => {
                let own = honest
                    .form
                    .parts
                    .iter()
                    .find(|(name, _)| name == part)
                    .expect("the relations");
                let own = String::from_utf8(own.1.clone()).expect("UTF-8");
                let more = format!(
                    "<Relationship Id=\"rIdX\" Type=\"{}\" Target=\"{trap}/x.png\"{EXTERNAL}/></Relationships>",
                    office("image")
                );
                honest.with(part, own.replace("</Relationships>", &more))
            }
            _ => honest.with(part, relations(&format!("{trap}/x"), "image", EXTERNAL)),
        };
        files.add(
            format!("picture-from-an-address-in-{}", part.replace('/', "-")),
            OUTSIDE,
            bytes,
        );
    }
    for (name, target) in [("numbering", "../../../../etc/passwd"), ("styles", "/../../etc/passwd")] {
        files.add(
            format!("{name}-outside-of-it"),
            BROKEN,
            honest.related(&office(name), target, ""),
        );
    }
    for (name, xml) in [
        (
            "picture-by-its-address",
            format!("<w:p><w:r><w:pict><v:imagedata src=\"{trap}/x.png\"/></w:pict></w:r></w:p>"),
        ),
        (
            "picture-by-a-share",
            "<w:p><w:r><w:pict><v:imagedata src=\"\\\\127.0.0.1\\x\"/></w:pict></w:r></w:p>".to_owned(),
        ),
        (
            "fill-by-its-address",
            format!("<w:p><w:r><w:pict><v:fill src=\"{trap}/x.png\"/></w:pict></w:r></w:p>"),
        ),
        (
            "letters-to-many",
            "<w:mailMerge><w:connectString w:val=\"DSN=x\"/><w:query w:val=\"SELECT 1\"/></w:mailMerge>".to_owned(),
        ),
    ] {
        files.add(name, OUTSIDE, honest.part(&xml));
    }
    let settings = format!("<w:settings {NAMES}><w:attachedTemplate r:id=\"rId1\"/></w:settings>");
    let mut form = honest.copy();
    form.put("word/settings.xml", settings);
    form.put(
        "word/_rels/settings.xml.rels",
        relations(&format!("{trap}/t.dotm"), "attachedTemplate", EXTERNAL),
    );
    files.add("template-that-is-attached", OUTSIDE, form.saved());
    for (name, target) in [
        ("file", "file:///etc/passwd".to_owned()),
        ("javascript", "javascript:alert(1)".to_owned()),
        ("protocol", "ms-msdt:/id%20PCWDiagnostic".to_owned()),
        ("share", "\\\\127.0.0.1\\share\\x.exe".to_owned()),
        ("marked-address", "http://x&gt;**bold**".to_owned()),
    ] {
        let answer = "<w:p><w:hyperlink r:id=\"rIdX\"><w:r><w:t>By a register.</w:t></w:r></w:hyperlink></w:p>";
        let linked = Honest {
            form: &honest.copy().pasted("q2.answer", answer),
            ..*honest
        };
        let told = Expected::Told("an address that is none of the web or of mail");
        files.add(
            format!("link-to-a-{name}"),
            told,
            linked.related(&office("hyperlink"), &target, EXTERNAL),
        );
    }
}
